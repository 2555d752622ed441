"""Bring the article files into the library. Runs at every start: the same texts change nothing."""

import datetime

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from education import articles
from education.articles import ArticleRejected, Review
from education.models import IN_FORCE
from education.source import Malformed


class Command(BaseCommand):
    help = (
        "Load education/articles/. In the demo the texts are published under a made-up reviewer; elsewhere they wait "
        "in clinical review until a clinician of the practice vouches for them by --reviewer."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--reviewer", help="name and credentials of the clinician who found the texts sound")
        parser.add_argument(
            "--reviewed-on", type=datetime.date.fromisoformat, help="day of that review; today if not given"
        )
        parser.add_argument(
            "--only", nargs="+", metavar="CODE", help="the articles this review covers, such as A01 A02"
        )

    def handle(self, *args, **options) -> None:
        try:
            texts = articles.sources()
            versions = articles.load_all(by=None, texts=texts, reviews=self.reviews(texts, options))
        except (Malformed, ArticleRejected) as error:
            raise CommandError(str(error)) from error
        waiting = [version for version in versions if version.status not in IN_FORCE]
        self.stdout.write(f"{len(versions) - len(waiting)} articles published, {len(waiting)} waiting for a clinician.")

    def reviews(self, texts, options) -> dict[str, Review]:
        """Who vouches for which text: the clinician named, or in the demo the made-up one of the files."""
        covered = [text for text in texts if not options["only"] or text.code in options["only"]]
        if options["reviewer"]:
            day = options["reviewed_on"] or timezone.now().date()
            return {text.code: Review(options["reviewer"], day) for text in covered}
        if not settings.DEMO:
            return {}
        return {text.code: Review(text.clinical_reviewer, text.reviewed_on) for text in covered}
