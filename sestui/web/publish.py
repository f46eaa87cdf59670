"""Configuration for a web server that publishes the pages."""

from urllib.parse import urlsplit

from sestui.core.content.headers import FORM_PATH, PAGE_PATH

EVENTS_PATH = "/events/sns"
"""Where SNS posts its messages."""


def nginx_lines(web_url: str, port: int, *, form: bool = False) -> str:
    """Locations for the server block of ``web_url``'s host; ``form``: of the subscribe form too."""
    path = urlsplit(web_url).path
    lines = (
        f"location {path}{PAGE_PATH} {{\n"
        f"    proxy_pass http://127.0.0.1:{port}{PAGE_PATH};\n"
        "    access_log off;  # each link belongs to one person\n"
        "}"
    )
    if form:
        lines += (
            f"\nlocation {path}{FORM_PATH} {{\n"
            f"    proxy_pass http://127.0.0.1:{port}{FORM_PATH};\n"
            "    proxy_set_header X-Forwarded-For $remote_addr;  # for a limit on each client\n"
            "}"
        )
    return lines


def events_lines(port: int) -> str:
    """A location of nginx for SNS's messages."""
    return (
        f"location = {EVENTS_PATH} {{\n"
        f"    proxy_pass http://127.0.0.1:{port};\n"
        "    client_max_body_size 1m;\n"
        "}"
    )


def caddy_lines(web_url: str, port: int, *, form: bool = False) -> str:
    """A site block for the Caddyfile; Caddy gets the certificate itself."""
    parts = urlsplit(web_url)
    # handle_path takes away all that it matches, and the page wants its own part.
    strip = f"        uri strip_prefix {parts.path}\n" if parts.path else ""
    proxy = f"reverse_proxy 127.0.0.1:{port}"
    routes = "".join(
        f"    handle {parts.path}{path}* {{\n{strip}        {proxy}\n    }}\n"
        for path in ((PAGE_PATH, FORM_PATH) if form else (PAGE_PATH,))
    )
    return f"{parts.netloc} {{\n{routes}}}"
