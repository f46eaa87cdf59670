"""Configuration for a web server that publishes the page."""

from urllib.parse import urlsplit

from sestui.core.content.headers import PAGE_PATH

EVENTS_PATH = "/events/sns"
"""Where SNS posts its messages."""


def nginx_lines(web_url: str, port: int) -> str:
    """A location for the server block of ``web_url``'s host."""
    path = urlsplit(web_url).path
    return (
        f"location {path}{PAGE_PATH} {{\n"
        f"    proxy_pass http://127.0.0.1:{port}{PAGE_PATH};\n"
        "    access_log off;  # each link belongs to one person\n"
        "}"
    )


def events_lines(port: int) -> str:
    """A location of nginx for SNS's messages."""
    return (
        f"location = {EVENTS_PATH} {{\n"
        f"    proxy_pass http://127.0.0.1:{port};\n"
        "    client_max_body_size 1m;\n"
        "}"
    )


def caddy_lines(web_url: str, port: int) -> str:
    """A site block for the Caddyfile; Caddy gets the certificate itself."""
    parts = urlsplit(web_url)
    # handle_path takes away all that it matches, and the page wants its own part.
    route = (
        f"    handle {PAGE_PATH}* {{\n        reverse_proxy 127.0.0.1:{port}\n    }}\n"
        if not parts.path
        else (
            f"    handle {parts.path}{PAGE_PATH}* {{\n"
            f"        uri strip_prefix {parts.path}\n"
            f"        reverse_proxy 127.0.0.1:{port}\n    }}\n"
        )
    )
    return f"{parts.netloc} {{\n{route}}}"
