"""Python's HTML parser, without its one way of failing."""

from html.parser import HTMLParser


class HtmlReader(HTMLParser):
    """Reads any text: what is no HTML is text or a comment."""

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """As the base, which on Python 3.11 ends in an AssertionError for ``<![:``."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)
