"""The texts people agree to, and what must be agreed before treatment starts (clinical.md 3.4)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from practice.action import action
from practice.audit import Action, record
from practice.consents import Origin, current_texts, latest_consents, record_consent
from practice.models import Appointment, ConsentRecord, ConsentText, Modality, Patient, User
from practice.models.consent import ConsentType, Decision

FOLDER = Path(__file__).parent / "consents"
# In the order in which registration asks for them.
SIGNED = (
    ConsentType.TREATMENT,
    ConsentType.TELEHEALTH,
    ConsentType.NPP_ACK,
    ConsentType.FINANCIAL,
    ConsentType.PORTAL_TERMS,
)
SLUGS = {
    "treatment": ConsentType.TREATMENT,
    "video-and-phone": ConsentType.TELEHEALTH,
    "privacy-notice": ConsentType.NPP_ACK,
    "fees": ConsentType.FINANCIAL,
    "website": ConsentType.PORTAL_TERMS,
    "e-mail": ConsentType.EMAIL,
    "text-messages": ConsentType.SMS,
    "voicemail": ConsentType.VOICEMAIL,
}
SLUG_OF = {type: slug for slug, type in SLUGS.items()}
REMOTE = (Modality.VIDEO, Modality.PHONE)
FILE = re.compile(r"type: (?P<type>\w+)\nversion: (?P<version>\d+)\n(?P<material>material: yes\n)?\n(?P<body>.+)", re.S)
MARKDOWN = MarkdownIt("commonmark", {"html": False})
TAGS = {"p", "h2", "h3", "ul", "ol", "li", "strong", "em"}


class Malformed(Exception):
    """A consent file that cannot be read."""


class TextChanged(Exception):
    """The words of a published version changed; they need a new version number."""


@dataclass(frozen=True)
class Words:
    """One consent file: ``body`` is the exact text somebody will sign, ``sha256`` its hash."""

    type: str
    version: int
    language: str
    title: str
    body: str
    is_material: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()


def read(path: Path) -> Words:
    """One file ``<name>.<language>.md``. Raises :class:`Malformed`."""
    found = FILE.fullmatch(path.read_text(encoding="utf-8"))
    title = re.match(r"# (.+)\n", found["body"]) if found else None
    if found is None or title is None or found["type"] not in ConsentType.values:
        raise Malformed(path.name)
    language = path.name.split(".")[-2]
    return Words(found["type"], int(found["version"]), language, title[1], found["body"], bool(found["material"]))


@action
def load_texts(*, by: User | None, folder: Path = FOLDER) -> list[ConsentText]:
    """Publish every file of ``folder``; the same version again changes nothing. Raises :class:`TextChanged`."""
    published = []
    for words in [read(path) for path in sorted(folder.glob("*.md"))]:
        text, created = ConsentText.objects.get_or_create(
            type=words.type,
            version=words.version,
            language=words.language,
            defaults={
                "title": words.title,
                "body": words.body,
                "sha256": words.sha256,
                "is_material": words.is_material,
            },
        )
        if text.sha256 != words.sha256:
            raise TextChanged(f"{words.type} {words.version} {words.language}")
        if created:
            record(by=by, action=Action.CREATE, obj=text)
        published.append(text)
    return published


def as_html(text: ConsentText) -> SafeString:
    """The text ready to print, without its first heading, which the page prints as its own."""
    body = text.body.partition("\n")[2]
    return mark_safe(nh3.clean(MARKDOWN.render(body), tags=TAGS, attributes={}))


# -- Decided elsewhere: on paper, or by word of mouth ------------------------------------------------------------------
class NewerDecision(Exception):
    """A decision about the same from a later day is in force; an older paper does not undo it."""


def text_shown_on(type: str, day: dt.date, zone: str) -> ConsentText | None:
    """The newest words of a type that were published by the end of that local day; None where there were none."""
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZoneInfo(zone))
    texts = ConsentText.objects.filter(type=type, language="en", published_at__lt=end)
    return texts.order_by("-version").first()


def decided_on(decision: ConsentRecord) -> dt.date:
    """The local day of a decision: the one on the paper, or the one on which it was made here."""
    if signed_on := decision.scope.get("signed_on"):
        return dt.date.fromisoformat(signed_on)
    return decision.at.astimezone(ZoneInfo(decision.zone)).date()


@action
def record_for_patient(
    *, by: User, patient: Patient, type: str, decision: str, channel: str, signed_on: dt.date, signed_name: str
) -> ConsentRecord:
    """Record what ``patient`` decided on paper or by word of mouth; a row that counts from now on.

    ``signed_on`` is kept in the row's scope; its words are those in use on that day, else the newest. The same decision
    of the same day again changes nothing. Leaving messages follows a decision about voicemail. Raises
    :class:`NewerDecision` and practice.consents.NothingToWithdraw.
    """
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)  # one decision after the other
    before = latest_consents(patient).get(type)
    if before is not None and decided_on(before) > signed_on:
        raise NewerDecision
    scope = {"signed_on": str(signed_on)}
    same = {"decision": decision, "channel": channel, "signed_name": signed_name, "scope": scope}
    if before is not None and all(getattr(before, name) == value for name, value in same.items()):
        return before
    if type == ConsentType.VOICEMAIL and (decision == Decision.GIVEN) == (patient.voicemail == "no"):
        patient.voicemail = "name_number" if decision == Decision.GIVEN else "no"
        patient.save(update_fields=["voicemail"])
    return record_consent(
        by=by,
        patient=patient,
        type=type,
        decision=decision,
        text=None if decision == Decision.WITHDRAWN else text_shown_on(type, signed_on, patient.time_zone),
        signed_name=signed_name,
        origin=Origin(channel=channel),
        scope=scope,
    )


# -- What is decided and what is missing -------------------------------------------------------------------------------
def needs_telehealth(patient: Patient) -> bool:
    """Whether a clinical visit by video or phone is coming."""
    visits = Appointment.objects.coming().filter(patient=patient, modality__in=REMOTE, type__is_clinical=True)
    return visits.exists()


def consents_complete(patient: Patient) -> set[str]:
    """The consent types still missing before treatment may start; an empty set means complete.

    TREATMENT and FINANCIAL must be given; the privacy notice acknowledged or its refusal recorded; TELEHEALTH given
    where a visit by video or phone is coming. E-mail and text messages are never among them (clinical.md 3.4).
    """
    latest = latest_consents(patient)
    needed = {ConsentType.TREATMENT, ConsentType.FINANCIAL}
    if needs_telehealth(patient):
        needed.add(ConsentType.TELEHEALTH)
    missing = {str(type) for type in needed if not is_given(latest.get(type))}
    if decision_of(latest.get(ConsentType.NPP_ACK)) not in (Decision.GIVEN, Decision.REFUSED):
        missing.add(str(ConsentType.NPP_ACK))
    return missing


def decision_of(consent: ConsentRecord | None) -> str:
    return consent.decision if consent else ""


def is_given(consent: ConsentRecord | None) -> bool:
    return decision_of(consent) == Decision.GIVEN


@dataclass(frozen=True)
class Agreement:
    """One line of a person's list: the words in force, the newest decision, and where to read and decide."""

    slug: str
    text: ConsentText
    decision: ConsentRecord | None

    @property
    def is_new_text(self) -> bool:
        """The words have changed since the person agreed to them."""
        return is_given(self.decision) and self.decision.text_id != self.text.pk

    @property
    def is_open(self) -> bool:
        return self.decision is None or self.decision.decision == Decision.EXPIRED

    @property
    def is_signed(self) -> bool:
        return self.text.type in SIGNED

    @property
    def is_given(self) -> bool:
        return is_given(self.decision)


def agreements(patient: Patient) -> list[Agreement]:
    """Every consent this practice asks for, signed ones first; two queries."""
    texts, latest = current_texts(), latest_consents(patient)
    return [Agreement(SLUG_OF[type], texts[type], latest.get(type)) for type in SLUGS.values() if type in texts]


def undecided(patient: Patient) -> list[Agreement]:
    """The agreements registration still has to ask for, in order."""
    return [row for row in agreements(patient) if row.is_signed and row.is_open]
