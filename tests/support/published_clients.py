"""BlueMind's published clients, read and never run: the calls of its API, and their fields.

Source: netbluemind (3.x), netbluemind4 and netbluemind5 on PyPI, generated from BlueMind's
interfaces. ``tools/unpack_clients.py`` puts each where `CLIENTS` says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.support.distribution import suites_directory
from tests.support.missing import give_up

PACKAGE: Final = "netbluemind"
_ENCODING: Final = "encodeInternal"
# Of all their folders, those that have to do with accounts and mailboxes, to save time.
_FOLDERS: Final = (
    *("authentication", "core", "dataprotect", "directory", "domain", "group", "mailbox"),
    *("mailshare", "server", "system", "user"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedClient:
    """One client: the name that PyPI has for it, and the version that is read here."""

    name: str
    version: str

    @property
    def place(self) -> Path:
        """Where it is unpacked."""
        return suites_directory() / f"{self.name}-{self.version}"

    @property
    def is_there(self) -> bool:
        """Whether it is."""
        return (self.place / PACKAGE).is_dir()


CLIENT_3: Final = PublishedClient(name="netbluemind", version="3.1.42842")
CLIENT_4: Final = PublishedClient(name="netbluemind4", version="4.9.3884")
CLIENT_5: Final = PublishedClient(name="netbluemind5", version="5.7.3268")
CLIENTS: Final = (CLIENT_3, CLIENT_4, CLIENT_5)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCall:
    """One call. ``path`` has ``{}`` where something is filled in.

    ``body`` None: it has none; else the names of what encodes it, outermost first
    (``ListSerDer``, ``Mailbox``). ``answer`` is what reads the answer, the same way; () for
    none.
    """

    method: str
    path: str
    query: tuple[str, ...]
    body: tuple[str, ...] | None
    answer: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What one client tells: calls by method and path, and fields of values by their name."""

    calls: Mapping[tuple[str, str], PublishedCall]
    fields: Mapping[str, frozenset[str]]
    words: Mapping[str, frozenset[str]]


def published(client: PublishedClient) -> Published:
    """What ``client`` tells; without it the test is skipped, or fails in CI."""
    if not client.is_there:
        give_up(f"needs {client.name} {client.version}: python tools/unpack_clients.py")
    return _read(client.place / PACKAGE)


def find_call(said: Published, method: str, path: str) -> PublishedCall | None:
    """The call of a filled-in path: of several, the one with the most words in common."""
    parts = path.split("/")
    found = [
        call
        for (verb, template), call in said.calls.items()
        if verb == method and _is_filled(template.split("/"), parts)
    ]
    return min(found, key=lambda call: call.path.count("{}"), default=None)


def _is_filled(template: list[str], parts: list[str]) -> bool:
    return len(template) == len(parts) and all(
        own in {"{}", part} and part for own, part in zip(template[1:], parts[1:], strict=True)
    )


def without_names(path: str) -> str:
    """A path template with ``{}`` for every ``{name}``.

    >>> without_names("/mailboxes/{domainUid}/{uid}/complete")
    '/mailboxes/{}/{}/complete'
    """
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@cache
def _read(package: Path) -> Published:
    calls: dict[tuple[str, str], PublishedCall] = {}
    values: dict[str, ast.ClassDef] = {}
    words: dict[str, frozenset[str]] = {}
    for file in sorted(file for each in _FOLDERS for file in (package / each).rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            if not isinstance(node, ast.ClassDef):
                continue
            if any(_name_of(each) == "BaseEndpoint" for each in node.bases):
                calls |= {(each.method, each.path): each for each in _calls_of(node)}
            elif any(_name_of(each) == "Enum" for each in node.bases):
                words[node.name] = frozenset(_texts_assigned(node))
            elif _is_value(node):
                values[_value_name(node.name)] = node
    fields = {name: frozenset(_fields_of(name, values)) for name in values}
    return Published(calls=calls, fields=fields, words=words)


def _calls_of(endpoint: ast.ClassDef) -> Iterator[PublishedCall]:
    base = ""
    for function in endpoint.body:
        if not isinstance(function, ast.FunctionDef):
            continue
        if function.name == "__init__":
            base = _text_assigned(function, "base")
            continue
        call = _call_of(base, function, f"{endpoint.name}.{function.name}")
        if call is not None:
            yield call


def _call_of(base: str, function: ast.FunctionDef, source: str) -> PublishedCall | None:
    method = ""
    query: tuple[str, ...] = ()
    body: tuple[str, ...] | None = None
    answer: tuple[str, ...] = ()
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="requests"), attr=verb)):
                method = verb.upper()
            case ast.Assign(targets=[ast.Name(id="queryParams")], value=ast.Dict(keys=keys)):
                query = tuple(str(key.value) for key in keys if isinstance(key, ast.Constant))
            case ast.Assign(
                targets=[ast.Name(id="__data__")],
                value=ast.Call(func=ast.Attribute(value=encoder, attr="encode")),
            ):
                body = tuple(_coders(encoder))
            case ast.Call(func=ast.Attribute(attr="handleResult__"), args=[reader, _]):
                answer = tuple(_coders(reader))
            case _:
                pass
    if not method:
        return None
    path = without_names(base + _text_assigned(function, "postUri"))
    return PublishedCall(
        method=method, path=path, query=query, body=body, answer=answer, source=source
    )


def _coders(node: ast.expr) -> Iterator[str]:
    """Names of nested SerDers: ``serder.ListSerDer(__ItemValueSerDer__(…))``."""
    match node:
        case ast.Call(func=function, args=arguments):
            yield _value_name(_name_of(function))
            for each in arguments:
                yield from _coders(each)
        case ast.Name() | ast.Attribute():
            yield _value_name(_name_of(node))
        case _:
            pass


def _text_assigned(function: ast.FunctionDef, name: str) -> str:
    """The text in the first assignment to ``name`` or ``self.name``, which may be a sum."""
    for node in function.body:
        if isinstance(node, ast.Assign) and _name_of(node.targets[0]) == name:
            texts = (each for each in ast.walk(node.value) if isinstance(each, ast.Constant))
            return "".join(each.value for each in texts if isinstance(each.value, str))
    return ""


def _texts_assigned(node: ast.ClassDef) -> Iterator[str]:
    for each in node.body:
        match each:
            case ast.Assign(value=ast.Constant(value=str(text))):
                yield text
            case _:
                pass


def _is_value(node: ast.ClassDef) -> bool:
    return node.name.endswith("SerDer__") and any(
        isinstance(each, ast.FunctionDef) and each.name == _ENCODING for each in node.body
    )


def _fields_of(name: str, values: Mapping[str, ast.ClassDef]) -> Iterator[str]:
    """Field names that a value's SerDer writes, those of what it builds on as well."""
    for function in values[name].body:
        if not isinstance(function, ast.FunctionDef) or function.name != _ENCODING:
            continue
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str(field)))]):
                    yield field
                case ast.Call(
                    func=ast.Attribute(value=ast.Call(func=other), attr="encodeInternal")
                ):
                    yield from _fields_of(_value_name(_name_of(other)), values)
                case _:
                    pass


def _name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _value_name(name: str) -> str:
    return name.removeprefix("__").removesuffix("SerDer__")
