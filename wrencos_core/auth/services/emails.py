"""One form for a mail address, so that one person has one account."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from wrencos_core.errors import Invalid


def normal_email(text: str, field: str = "email") -> str:
    """`text` without surrounding blanks, in lower case and Unicode NFC.

    The local part is folded too, which RFC 5321 leaves to the receiver: no provider of today tells
    `An@` from `an@`, and people do not either. Raises Invalid, naming `field`; asks no DNS.
    """
    try:
        # `.test` is reserved for trying things out (RFC 6761) and can't be anyone's address.
        found = validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise Invalid("This is no mail address.", errors={field: [str(error)]}) from error
    return found.normalized.casefold()
