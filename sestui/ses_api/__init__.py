"""SES from its other side: wire formats, signatures, raw mail and addresses; pure."""
