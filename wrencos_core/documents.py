"""The base of every stored document: prefixed id, timestamps, and a version that guards updates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from mongoengine import DateTimeField, Document as MongoDocument, IntField, StringField
from mongoengine.errors import SaveConditionError
from pymongo.errors import OperationFailure

from wrencos_core.clock import now, to_milliseconds
from wrencos_core.database import database, running_attempt
from wrencos_core.errors import NotFound, StaleVersion
from wrencos_core.ids import new_id

# The server's code for "a collection with that name exists".
_NAMESPACE_EXISTS = 48


class UTCDateTimeField(DateTimeField):  # type: ignore[misc]
    """An aware UTC moment in whole milliseconds; refuses a naive datetime."""

    if TYPE_CHECKING:

        def __get__(self, instance: Any, owner: type[Any]) -> datetime: ...
        def __set__(self, instance: Any, value: datetime | None) -> None: ...

    def to_mongo(self, value: Any) -> Any:
        return to_milliseconds(value) if isinstance(value, datetime) else value

    def validate(self, value: Any) -> None:
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.error("must be a datetime with a time zone")


class Document(MongoDocument):  # type: ignore[misc]
    """A stored thing. Subclasses set `id_prefix` and `meta["collection"]` = `<plugin>_<things>`.

    `version` counts the saves: saving a copy that is not the newest raises StaleVersion.
    Hot reads do not construct documents; they read `raw()` and fill a view.
    """

    meta: ClassVar[dict[str, Any]] = {
        "abstract": True,
        "auto_create_index": False,
        "index_cls": False,
    }
    id_prefix: ClassVar[str] = ""

    _read_in: object | None

    id = StringField(primary_key=True)
    created_at = UTCDateTimeField(required=True)
    updated_at = UTCDateTimeField(required=True)
    version = IntField(required=True, default=0)

    def __init__(self, *args: Any, **values: Any) -> None:
        if not args and "id" not in values and "pk" not in values:
            values["id"] = new_id(self.id_prefix)
        super().__init__(*args, **values)
        self._read_in = running_attempt()

    def save(self, **options: Any) -> Self:
        """Insert it, or update it when nobody else has since it was read (else StaleVersion).

        Raises RuntimeError in a transaction that has neither made nor read it: when that runs
        again, the document would still be as the first run left it.
        """
        if running_attempt() not in (None, self._read_in):
            raise RuntimeError(
                f"{type(self).__name__} {self.id} is saved in a transaction but was read or made "
                "outside it; read or make it inside, so that a retry starts afresh"
            )
        self.updated_at = now()
        if self._created:
            self.created_at = self.created_at or self.updated_at
            super().save(force_insert=True, **options)
            return self
        read_version, self.version = self.version, self.version + 1
        try:
            super().save(save_condition={"version": read_version}, **options)
        except SaveConditionError as error:
            self.version = read_version
            raise StaleVersion() from error
        return self

    def reload(self, *fields: str, **options: Any) -> Self:
        """Read it again, all of it or these fields; raises mongoengine's DoesNotExist."""
        super().reload(*fields, **options)
        if not fields:
            self._read_in = running_attempt()
        return self

    @classmethod
    def raw(cls) -> Any:
        """The pymongo collection, for reads and atomic updates that construct no document."""
        return cls._get_collection()

    @classmethod
    def get(cls, id: str) -> Self:
        """The document with this id; raises NotFound."""
        found = cls.objects(id=id).first()
        if found is None:
            raise NotFound(f"There is no {cls.__name__.lower()} {id}.")
        return found  # type: ignore[no-any-return]


def new_row(id: str, **values: Any) -> dict[str, Any]:
    """A row to insert without constructing a document, with what `save` would give it."""
    moment = now()
    return {"_id": id, **values, "created_at": moment, "updated_at": moment, "version": 0}


def bump(changes: dict[str, Any]) -> dict[str, Any]:
    """An atomic update that also counts the version and sets updated_at, as `save` does."""
    update = {operator: dict(fields) for operator, fields in changes.items()}
    update.setdefault("$inc", {})["version"] = 1
    update.setdefault("$set", {})["updated_at"] = now()
    return update


def build_indexes(models: Iterable[type[Document]]) -> None:
    """Create collections and indexes; must run before any transaction touches a collection."""
    existing = set(database().list_collection_names())
    for model in models:
        name = model._get_collection_name()
        if name not in existing:
            try:
                database().create_collection(name, check_exists=False)
            except OperationFailure as error:
                if error.code != _NAMESPACE_EXISTS:  # another process was first
                    raise
        model.ensure_indexes()
