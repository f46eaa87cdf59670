"""Private names of libraries that sestui stands on: why their next major version is kept out.

A release that takes one away fails here, by its name, before it fails a user.
"""

import importlib
import inspect
import tomllib
from pathlib import Path

import pytest

PRIVATE = [
    ("botocore.httpsession", "URLLib3Session._get_connection_manager"),
    ("botocore.httpsession", "URLLib3Session._get_request_target"),
    ("botocore.httpsession", "URLLib3Session._setup_ssl_cert"),
    ("urllib3.connectionpool", "HTTPConnectionPool._new_conn"),
    ("urllib3.connectionpool", "HTTPConnectionPool._prepare_proxy"),
    ("jinja2.compiler", "CodeGenerator._output_child_pre"),
    ("jinja2.compiler", "CodeGenerator._output_child_post"),
    ("jinja2.utils", "_PassArg"),
    ("uvicorn.protocols.http.httptools_impl", "HttpToolsProtocol._unset_keepalive_if_required"),
    ("textual.widgets", "TextArea._build_highlight_map"),
    ("textual.widgets", "TextArea._set_theme"),
    ("textual_serve.server", "Server._make_app"),
    ("textual_serve.server", "Server._process_messages"),
    ("textual_serve.app_service", "AppService._build_environment"),
    ("textual_serve.app_service", "AppService._open_app_process"),
]

ATTRIBUTES = [
    ("botocore.httpsession", "URLLib3Session", ("_proxy_config", "_verify")),
    ("textual.screen", "Screen", ("_bindings",)),
    ("textual.css.stylesheet", "Stylesheet", ("_parse_cache",)),
    ("textual.drivers.web_driver", "WebDriver", ("_app",)),
    ("textual.widgets", "TextArea", ("_highlight_query", "_highlights", "_theme")),
    ("textual.widgets", "Input", ("_value",)),
    ("textual_serve.app_service", "AppService", ("_process", "_stdin")),
    ("jinja2", "Undefined", ("_undefined_hint", "_undefined_name", "_undefined_obj")),
]
"""What an object gets when it is made: known by the source of the class or of one below it."""


@pytest.mark.parametrize(("module", "name"), PRIVATE)
def test_a_private_name_is_still_there(module: str, name: str) -> None:
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)


@pytest.mark.parametrize(("module", "name", "attributes"), ATTRIBUTES)
def test_a_private_attribute_is_still_there(
    module: str, name: str, attributes: tuple[str, ...]
) -> None:
    kind = getattr(importlib.import_module(module), name)
    below = [each for each in kind.__mro__ if each.__module__.partition(".")[0] == top(module)]
    source = "".join(inspect.getsource(each) for each in below)
    for attribute in attributes:
        assert attribute in source


@pytest.mark.parametrize("module", sorted({each[0].partition(".")[0] for each in PRIVATE}))
def test_its_next_major_version_is_kept_out(module: str) -> None:
    path = Path(__file__).parents[2] / "pyproject.toml"
    project = tomllib.loads(path.read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["web"]]
    name = module.replace("_", "-")
    (bound,) = [each for each in wanted if each.startswith((f"{name}>", f"{name}["))]
    assert ",<" in bound


def top(module: str) -> str:
    return module.partition(".")[0]
