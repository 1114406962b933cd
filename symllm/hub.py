"""A model's config from the Hugging Face hub, by its id, through the package huggingface_hub (the extra `hub`) and its cache."""

from __future__ import annotations

import re
from typing import Any

from .errors import SymllmError

_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def is_hub_id(name: str) -> bool:
    """Whether a name has the form of a hub id, owner/model."""
    return bool(_ID.fullmatch(name))


def _reachable(endpoint: str) -> bool:
    """Whether a connection opens within two seconds; the package itself would retry for half a minute."""
    import socket
    from urllib.parse import urlsplit

    place = urlsplit(endpoint)
    try:
        socket.create_connection((place.hostname or "", place.port or (80 if place.scheme == "http" else 443)), timeout=2).close()
    except OSError:
        return False
    return True


def hub_config(name: str) -> dict[str, Any]:
    """The config.json of a hub id, from the hub's cache or the network.

    Raises `SymllmError`, saying what to do, where the package is missing, the machine is offline or the id is not there.
    """
    from .config import load  # opens the symbolic world, so only here

    instead = "download its config.json and give --config PATH"
    try:
        from huggingface_hub import constants, hf_hub_download
        from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
    except ImportError:
        raise SymllmError(f"model {name!r} is not in the catalogue, and asking the hub needs a package: pip install 'symllm[hub]'; "
                          f"or {instead}") from None  # fmt: skip
    try:
        return load(hf_hub_download(name, "config.json", local_files_only=True))  # from an earlier download
    except (LocalEntryNotFoundError, OSError, ValueError):
        pass
    if not _reachable(constants.ENDPOINT):
        raise SymllmError(f"model {name!r} is not in the catalogue, and the hub cannot be reached; {instead}")
    try:
        return load(hf_hub_download(name, "config.json"))
    except GatedRepoError:
        raise SymllmError(f"model {name!r} is gated on the hub: log in with `hf auth login`, or {instead}") from None
    except RepositoryNotFoundError:
        raise SymllmError(f"model {name!r} is neither in the catalogue nor on the hub") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise SymllmError(f"model {name!r} is not in the catalogue, and the hub cannot be reached ({type(error).__name__}); {instead}") from None
