--
-- PostgreSQL database dump
--

-- Written by hand by the migrations of Keila 0.30, in the form of pg_dump 16.

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

COPY public.contacts (id, project_id, first_name, last_name, email, inserted_at, updated_at, status, data, double_opt_in_at, external_id) FROM stdin;
1	1	Ada	Lovelace	ada@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	0	{"city": "Paris", "company": {"name": "Engines"}, "tags": ["a", "b"]}	2024-03-01 09:00:00	crm-1
2	2	\N	\N	Ada@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	0	\N	\N	\N
3	1	Bo		left.news@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	1	{}	\N	\N
4	2	Bo	\N	left.news@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	0	{}	\N	\N
5	1	\N	\N	left.all@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	1	\N	\N	\N
6	1	\N	\N	unreachable@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	2	\N	\N	\N
7	1	\N	\N	bounced@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	0	\N	\N	\N
8	1	\N	\N	complained@example.org	2024-03-01 09:00:00	2024-03-01 09:00:00	1	\N	\N	\N
9	1	\N	\N	no address	2024-03-01 09:00:00	2024-03-01 09:00:00	0	\N	\N	\N
\.


COPY public.contacts_segments (id, project_id, name, filter, inserted_at, updated_at) FROM stdin;
1	1	Parisians	{"data.city": "Paris"}	2024-03-01 09:00:00	2024-03-01 09:00:00
\.


COPY public.mailings_campaigns (id, project_id, sender_id, subject, html_body, text_body, settings, sent_at, inserted_at, updated_at, template_id, segment_id, data, json_body, preview_text, mjml_body, mjml_content, html_content, text_content) FROM stdin;
1	1	1	March news	\N	Hi {{ contact.first_name | default: "there" }}{% if contact.data.company.name %} of {{ contact.data.company.name | upcase }}{% endif %}!\n\n{% unless contact.data.city == "Paris" %}Come to Paris.{% else %}Bonjour.{% endunless %} It is {{ campaign.data.season }}.	{"id": "x", "type": "markdown", "do_not_track": false}	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	\N	{"season": "spring"}	\N	For {{ contact.email }}	\N	\N	\N	\N
2	1	1	Blocks	\N	\N	{"id": "x", "type": "block", "do_not_track": false}	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	1	\N	{"blocks": [{"type": "header", "data": {"text": "Hello {{ contact.first_name | default: 'you' }}", "level": 1}}, {"type": "layout", "data": {"ratio": "1-1", "blocks": [{"blocks": [{"type": "paragraph", "data": {"text": "Left"}}]}, {"blocks": [{"type": "list", "data": {"style": "unordered", "items": [{"content": "One", "items": []}, "Two"]}}]}]}}, {"type": "image", "data": {"image": {"src": "https://example.com/a.png", "alt": "A & B"}, "url": "https://example.com/"}}, {"type": "button", "data": {"label": "Read", "url": "https://example.com/?a=1&b=2"}}, {"type": "socialIcons", "data": {"social_icons": []}}]}	\N	\N	\N	\N	\N
3	2	2	Offer for {{ contact.display_name }}	\N	\N	{"id": "x", "type": "mjml", "do_not_track": false}	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	1	\N	\N	\N	\N	\N	{"main": "<mj-text>{% for x in contact.data.tags %}{{ x }}{% endfor %}</mj-text>"}	\N	\N
4	2	\N	Plain	\N	Dear {{ contact.last_name }},\nsee you < soon.	{"id": "x", "type": "text", "do_not_track": false}	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	\N	\N	\N	\N	\N	\N	\N	\N
5	1	1	Nothing yet		\N	{"id": "x", "type": "html", "do_not_track": false}	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	\N	\N	\N	\N	\N	\N	\N	\N
\.


COPY public.mailings_senders (id, project_id, name, from_email, from_name, reply_to_email, reply_to_name, config, inserted_at, updated_at) FROM stdin;
1	1	Main	news@example.com	Ada's Shop, Paris	reply@example.com	Ada	{"type": "ses", "ses_secret": "not read"}	2024-03-01 09:00:00	2024-03-01 09:00:00
2	2	Other	not an address	\N	\N	\N	{}	2024-03-01 09:00:00	2024-03-01 09:00:00
\.


COPY public.messages (id, campaign_id, contact_id, sent_at, inserted_at, updated_at, soft_bounce_received_at, hard_bounce_received_at, complaint_received_at, unsubscribed_at, project_id, recipient_email, html_body) FROM stdin;
1	1	1	2024-03-01 09:00:00	2024-03-01 09:00:00	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	\N	\N	1	\N	\N
2	1	7	2024-03-01 09:00:00	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	2024-03-01 09:00:00	\N	\N	1	bounced@example.org	\N
3	1	8	2024-03-01 09:00:00	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	\N	2024-03-01 09:00:00	\N	1	\N	\N
4	1	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	2024-03-01 09:00:00	\N	\N	1	gone@example.org	\N
5	1	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	2024-03-01 09:00:00	\N	\N	1	\N	\N
6	1	5	2024-03-01 09:00:00	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	\N	\N	2024-03-01 09:00:00	1	\N	\N
\.


COPY public.projects (id, group_id, name, inserted_at, updated_at) FROM stdin;
1	2	News	2024-03-01 09:00:00	2024-03-01 09:00:00
2	3	Offers	2024-03-01 09:00:00	2024-03-01 09:00:00
\.


COPY public.templates (id, project_id, name, styles, assigns, inserted_at, updated_at, mjml_body, html_body, text_body, type) FROM stdin;
1	2	House	\N	\N	2024-03-01 09:00:00	2024-03-01 09:00:00	<mjml><mj-body><mj-section><mj-column><keila-content name="main"><mj-text>Your text</mj-text></keila-content><mj-text><a href="{{ unsubscribe_link }}">Leave</a></mj-text></mj-column></mj-section></mj-body></mjml>	\N	\N	10
2	1	Colours	body { color: red; }	{"signature": "[Bye]({{ unsubscribe_link }})"}	2024-03-01 09:00:00	2024-03-01 09:00:00	\N	\N	\N	20
\.


--
-- PostgreSQL database dump complete
--

