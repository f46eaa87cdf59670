"""What is printed for the web server in front."""

from sestui.web.publish import caddy_lines, nginx_lines


def test_below_a_host():
    assert "location /u/ {" in nginx_lines("https://n.example.com", 4582)
    assert "proxy_pass http://127.0.0.1:4582/u/;" in nginx_lines("https://n.example.com", 4582)
    caddy = caddy_lines("https://n.example.com", 4582)
    assert caddy.startswith("n.example.com {\n")
    assert "handle /u/* {" in caddy


def test_below_a_path():
    assert "location /mail/u/ {" in nginx_lines("https://example.com/mail", 80)
    assert "proxy_pass http://127.0.0.1:80/u/;" in nginx_lines("https://example.com/mail", 80)
    caddy = caddy_lines("https://example.com/mail", 80)
    assert "handle /mail/u/* {" in caddy
    assert "uri strip_prefix /mail" in caddy
