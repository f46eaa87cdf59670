"""Convert Markdown, MJML or HTML to the HTML and plain text of a mail."""
