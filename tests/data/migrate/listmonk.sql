--
-- PostgreSQL database dump
--

-- Written by hand by the schema of listmonk 6.2 (its schema.sql of July 2026), in the form of
-- pg_dump 16 with its tables in the order of their names.

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

CREATE TABLE public.bounces (
    id integer NOT NULL,
    subscriber_id integer NOT NULL,
    campaign_id integer,
    type public.bounce_type DEFAULT 'hard'::public.bounce_type NOT NULL
);

COPY public.bounces (id, subscriber_id, campaign_id, type, source, meta, created_at) FROM stdin;
1	5	1	hard	ses	{}	2024-03-01 09:00:00.5+00
2	5	1	hard	ses	{}	2024-03-01 09:00:00.5+00
3	6	1	complaint	ses	{}	2024-03-01 09:00:00.5+00
4	1	1	soft	ses	{}	2024-03-01 09:00:00.5+00
\.


COPY public.campaign_lists (id, campaign_id, list_id, list_name) FROM stdin;
1	1	1	News
2	1	2	Offers
3	2	1	News
4	3	\N	Gone
\.


COPY public.campaigns (id, uuid, name, subject, from_email, body, body_source, altbody, content_type, send_at, headers, attribs, status, tags, type, messenger, template_id, to_send, sent, max_subscriber_id, last_subscriber_id, archive, archive_slug, archive_template_id, archive_meta, started_at, created_at, updated_at) FROM stdin;
1	00000000-0000-4000-8000-000000000001	March news	Hello {{ .Subscriber.FirstName }}	News <news@example.com>	<p>Hi {{ .Subscriber.Name }}</p>\n<p>{{ if eq .Subscriber.Attribs.city "Paris" }}Bonjour{{ else }}Hello{{ end }}</p>\n<p><a href="https://example.com/a?b=1@TrackLink">Read</a> <a href="{{ UnsubscribeURL }}">Leave</a></p>	\N	\N	html	\N	[{"X-Group": "march"}, {"Message-ID": "x"}]	{}	finished	\N	regular	email	1	0	0	0	0	f	\N	\N	{}	\N	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
2	00000000-0000-4000-8000-000000000002	Plain one	Plain	news@example.com	Dear {{ .Subscriber.Attribs.company.name }},\nsee you < soon.\n\n{{ UnsubscribeURL }}	\N	\N	plain	\N	[]	{}	finished	\N	regular	email	1	0	0	0	0	f	\N	\N	{}	\N	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
3	00000000-0000-4000-8000-000000000003	Not yet	Loops	not an address	{{ range .Subscriber.Attribs.items }}<b>{{ . }}</b>{{ end }}	\N	\N	html	\N	[]	{}	finished	\N	regular	email	\N	0	0	0	0	f	\N	\N	{}	\N	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
4	00000000-0000-4000-8000-000000000004	Confirm	Please confirm	news@example.com	{{ OptinURL }}	\N	\N	html	\N	[]	{}	finished	\N	optin	email	\N	0	0	0	0	f	\N	\N	{}	\N	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
\.


COPY public.link_clicks (id, campaign_id, link_id, subscriber_id, created_at) FROM stdin;
1	1	1	1	2024-03-01 09:00:00.5+00
\.


COPY public.lists (id, uuid, name, type, optin, status, tags, description, created_at, updated_at) FROM stdin;
1	00000000-0000-4000-8000-000000000001	News	public	single	active	{a,b}		2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
2	00000000-0000-4000-8000-000000000002	Offers	public	double	active	\N		2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
3	00000000-0000-4000-8000-000000000003	News	private	single	active	\N		2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
\.


COPY public.subscriber_lists (subscriber_id, list_id, meta, status, created_at, updated_at) FROM stdin;
1	1	{}	unconfirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
1	2	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
2	1	{}	unsubscribed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
2	2	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
3	2	{}	unconfirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
4	1	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
5	1	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
6	1	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
7	1	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
8	1	{}	unsubscribed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
9	3	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
10	1	{}	confirmed	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
\.


COPY public.subscribers (id, uuid, email, name, attribs, status, created_at, updated_at) FROM stdin;
1	00000000-0000-4000-8000-000000000001	ada@example.org	Ada Lovelace	{"city": "Paris", "age": 36, "company": {"name": "Engines\\nLtd"}}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
2	00000000-0000-4000-8000-000000000002	left.news@example.org	Bo Li	{"city": "Rome"}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
3	00000000-0000-4000-8000-000000000003	unconfirmed@example.org		{}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
4	00000000-0000-4000-8000-000000000004	blocked@example.org		{}	blocklisted	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
5	00000000-0000-4000-8000-000000000005	bounced@example.org		{}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
6	00000000-0000-4000-8000-000000000006	complained@example.org		{}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
7	00000000-0000-4000-8000-000000000007	disabled@example.org		{}	disabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
8	00000000-0000-4000-8000-000000000008	left.all@example.org		{}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
9	00000000-0000-4000-8000-000000000009	Zoe@example.org	Zoë\tTab	{}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
10	00000000-0000-4000-8000-000000000010	no address		{}	enabled	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
\.


COPY public.templates (id, name, type, subject, body, body_source, is_default, created_at, updated_at) FROM stdin;
1	House	campaign		<html><body>{{ template "content" . }}{{ TrackView }}</body></html>	\N	t	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
2	Receipt	tx	Your receipt	<p>{{ .Tx.Data.total }}</p>	\N	f	2024-03-01 09:00:00.5+00	2024-03-01 09:00:00.5+00
\.


--
-- PostgreSQL database dump complete
--

