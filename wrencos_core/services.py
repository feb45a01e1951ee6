"""The registry through which one plugin finds what another provides, at call time."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from wrencos_core.errors import FeatureUnavailable, StartupError

T = TypeVar("T")


class ServiceRegistry:
    """Maps an interface (a Protocol in contracts, or a class) to the one object that serves it."""

    def __init__(self) -> None:
        self._providers: dict[type[Any], Any] = {}

    def provide(self, interface: type[T], implementation: T) -> None:
        """Offer `implementation`; raises StartupError when another one is offered already."""
        if interface in self._providers:
            raise StartupError(f"two providers of {interface.__qualname__}")
        self._providers[interface] = implementation

    def find(self, interface: type[T]) -> T | None:
        """The provider of `interface`, or None when its plugin is absent."""
        return cast("T | None", self._providers.get(interface))

    def require(self, interface: type[T]) -> T:
        """The provider of `interface`; raises FeatureUnavailable when its plugin is absent."""
        provider = self.find(interface)
        if provider is None:
            raise FeatureUnavailable(f"No plugin provides {interface.__name__} here.")
        return provider

    def names(self) -> list[str]:
        """The provided interfaces by name, for `wrencos check`."""
        return sorted(f"{cls.__module__}.{cls.__qualname__}" for cls in self._providers)
