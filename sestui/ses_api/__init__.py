"""SES's HTTP API from the server's side: wire formats, signatures, raw mail, addresses."""
