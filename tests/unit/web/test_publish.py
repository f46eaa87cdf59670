"""What is printed for the web server in front."""

import pytest

from sestui.web.publish import caddy_lines, nginx_lines

BELOW = "https://example.com/mail"


def test_below_a_host():
    assert "location /u/ {" in nginx_lines("https://n.example.com", 4582)
    assert "proxy_pass http://127.0.0.1:4582/u/;" in nginx_lines("https://n.example.com", 4582)
    caddy = caddy_lines("https://n.example.com", 4582)
    assert caddy.startswith("n.example.com {\n")
    assert "handle /u/* {" in caddy


@pytest.mark.parametrize(("web_url", "path"), [("https://n.example.com", ""), (BELOW, "/mail")])
def test_the_form_adds_its_lines_to_those_of_the_links(web_url, path):
    nginx = nginx_lines(web_url, 80, form=True)
    assert nginx.startswith(nginx_lines(web_url, 80))
    assert f"location {path}/subscribe {{" in nginx
    assert "proxy_pass http://127.0.0.1:80/subscribe;" in nginx
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in nginx
    caddy = caddy_lines(web_url, 80, form=True)
    assert caddy.startswith(caddy_lines(web_url, 80).removesuffix("}"))
    assert f"    handle {path}/subscribe* {{\n" in caddy


def test_below_a_path():
    assert "location /mail/u/ {" in nginx_lines("https://example.com/mail", 80)
    assert "proxy_pass http://127.0.0.1:80/u/;" in nginx_lines("https://example.com/mail", 80)
    caddy = caddy_lines("https://example.com/mail", 80)
    assert "handle /mail/u/* {" in caddy
    assert "uri strip_prefix /mail" in caddy
