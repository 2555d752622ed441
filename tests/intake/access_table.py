"""Who reaches the pages of intake; read together with tests/practice/access_table.py."""

from intake import alerts, consent, measures
from tests.intake.conftest import answered, in_use, responders
from tests.practice.access_table import CASE, PATIENTS, SCHEDULERS, clinicians, patients, roles

RISK = [0] * 8 + [1]


def instruments(world):
    """PEG and PHQ-9 in use, and the consent texts; the supervisor and the other therapist answer alerts."""

    def make():
        consent.load_texts(by=None)
        responders(world.cast.supervisor, world.cast.other_therapist)
        return in_use()

    return world.once("instruments", make)


def step(world, side):
    return {"step": "you"}


def texts(world, side):
    instruments(world)
    return {"slug": "treatment"}


def given(world, side):
    instruments(world)
    return {"slug": "e-mail"}


def version_pk(world, side):
    return {"pk": instruments(world)["peg"].pk}


def unfinished(world, side):
    """A response this patient has begun."""
    version = instruments(world)["peg"]

    def make():
        return measures.start_response(by=side.patient.user, patient=side.patient, version=version)

    return world.once(("unfinished", side.patient.pk), make)


def finished(world, side):
    """A finished response with a risk answer."""
    version = instruments(world)["phq-9"]
    return world.once(("finished", side.patient.pk), lambda: answered(side.patient, version, RISK))


def alert_pk(world, side):
    """An alert that is told to the treating clinician alone, so that no second responder stands beside the case."""
    finished(world, side)

    def make():
        return alerts.mark_by_clinician(by=side.clinician, patient=side.patient, tier="R2", words="Access table.")

    return {"pk": world.once(("alert", side.patient.pk), make).pk}


def unfinished_pk(world, side):
    return {"pk": unfinished(world, side).pk}


def item(world, side):
    return {"pk": unfinished(world, side).pk, "number": 1}


def finished_pk(world, side):
    return {"pk": finished(world, side).pk}


def finished_item(world, side):
    return {"pk": finished(world, side).pk, "number": 1}


def of_patient(world, side):
    instruments(world)
    return {"patient_pk": side.patient.pk}


def sheet(world, side):
    return {"patient_pk": side.patient.pk, "pk": instruments(world)["peg"].pk}


RULES = {
    # Registration and agreements
    "intake:registration-start": patients(),
    "intake:registration-step": roles(PATIENTS, of=step),
    "intake:registration-done": patients(),
    "intake:consent-list": patients(),
    "intake:consent-sign": roles(PATIENTS, of=texts),
    "intake:consent-withdraw": roles(PATIENTS, of=given, post_only=True),
    "intake:patient-consent": roles(f"{CASE} {SCHEDULERS}", of=of_patient),
    # A patient's own questions
    "intake:measure-list": patients(),
    "intake:measure-start": roles(PATIENTS, of=version_pk, post_only=True),
    "intake:measure-item": roles("patient", of=item),
    "intake:measure-done": roles("patient", of=finished_pk),
    "intake:crisis-now": roles("patient", of=finished_pk),
    "intake:crisis-safe": roles("patient", of=finished_pk, post_only=True),
    "intake:crisis-help": roles("patient", of=finished_pk, post_only=True),
    # Results before clinicians
    "intake:measure-history": roles(CASE, of=of_patient),
    "intake:measure-detail": roles(CASE, of=finished_pk),
    "intake:measure-correct": roles(CASE, of=finished_item),
    # From paper: those who keep the schedule and the clinicians of the case
    "intake:paper-list": roles(f"{CASE} {SCHEDULERS}", of=of_patient),
    "intake:paper-entry": roles(f"{CASE} {SCHEDULERS}", of=sheet),
    # Alerts
    "intake:alert-list": clinicians(),
    "intake:alert-detail": roles(CASE, of=alert_pk),
    "intake:alert-acknowledge": roles(CASE, of=alert_pk, post_only=True),
    "intake:alert-attempt": roles(CASE, of=alert_pk, post_only=True),
    "intake:alert-assess": roles(CASE, of=alert_pk),
    "intake:alert-close": roles(CASE, of=alert_pk),
    "intake:alert-raise": roles(CASE, of=of_patient),
}
