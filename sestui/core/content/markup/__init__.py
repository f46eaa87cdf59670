"""From Markdown, MJML or HTML to the HTML and the plain text of a mail."""
