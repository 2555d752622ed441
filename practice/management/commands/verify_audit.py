"""``manage.py verify_audit``: recompute every seal of the audit trail and compare it with the anchors."""

from django.core.management.base import BaseCommand, CommandError

from practice import sealer
from practice.models import AuditSeal


class Command(BaseCommand):
    help = "Verify that no sealed row of the audit trail was edited, deleted or cut off. Exit status 1 if one was."

    def handle(self, *args, **options) -> None:
        findings = sealer.verify()
        for finding in findings:
            self.stderr.write(finding.text)
        if findings:
            raise CommandError(f"The audit trail was touched: {len(findings)} findings.", returncode=1)
        last = AuditSeal.objects.order_by("-until_xact").first()
        sealed = last.total_events if last else 0
        self.stdout.write(f"{sealed} sealed rows are as they were written; {sealer.unsealed_count()} wait for a seal.")
