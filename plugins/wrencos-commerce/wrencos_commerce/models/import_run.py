"""Imports of the catalogue, and what each of them changed."""

from __future__ import annotations

from mongoengine import BooleanField, DictField, IntField, ListField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class ImportRun(Document):
    """One import: its file and options, how far it came, and its report.

    Whoever works on it holds `token` until `lease_until`; a run that is `running` or `undoing`
    after that was interrupted. `done_rows` is the number of the last row that is written,
    `batches` how many transactions did. `file` is a private file's name, for as long as it is kept.
    """

    meta = {
        "collection": "commerce_import_runs",
        "indexes": [
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {"fields": ["file"], "sparse": True, "name": "with_file"},
            {"fields": ["wanted", "wanted_at"], "sparse": True, "name": "wanted"},
            {"fields": ["state", "created_at"], "name": "by_state"},
        ],
    }
    id_prefix = "import"

    state = StringField(required=True)
    by = StringField(required=True)
    filename = StringField()
    size = IntField()
    digest = StringField()
    file = StringField()
    options = DictField()
    token = StringField()
    lease_until = UTCDateTimeField()
    rows = IntField(required=True, default=0)
    created = IntField(required=True, default=0)
    updated = IntField(required=True, default=0)
    unchanged = IntField(required=True, default=0)
    bad_rows = IntField(required=True, default=0)
    done_rows = IntField(required=True, default=1)
    batches = IntField(required=True, default=0)
    errors = ListField(DictField())
    notes = ListField(StringField())
    planned = DictField()
    changes = ListField(DictField())
    # The job that somebody asked for, until it is done.
    wanted = StringField()
    wanted_at = UTCDateTimeField()
    wanted_by = StringField()
    undone = DictField()
    is_undoable = BooleanField(required=True, default=True)


class ImportChange(Document):
    """A product as it was before an import, for undoing it; a created one has no `fields`.

    `made` is the fingerprint of a created one. `fields` lists `{name, old, new}` of the product,
    `variants` `{id, is_new, fields}`.
    """

    meta = {
        "collection": "commerce_import_changes",
        "indexes": [
            {"fields": ["run_id", "is_undone", "_id"], "name": "of_run"},
            {"fields": ["created_at"], "name": "by_age"},
        ],
    }
    id_prefix = "ichg"

    run_id = StringField(required=True)
    product_id = StringField(required=True)
    is_new = BooleanField(required=True)
    is_undone = BooleanField(required=True, default=False)
    made = StringField()
    fields = ListField(DictField())
    variants = ListField(DictField())
