"""Compress events' JSON with a dictionary of its usual words, as events are much alike."""

import zlib

_WORDS = (
    b'"reportingMTA":"dsn; a","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 '
    b'user unknown"}],"bounceType":"Transient","bounceSubType":"General","bounce":{"feedbackId":"",'
    b'"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"","complaint":{'
    b'"complainedRecipients":[{"emailAddress":"complaintSubType":null,"complaintFeedbackType":'
    b'"abuse","arrivalDate":"","userAgent":"Amazon SES Mailbox Simulator","deliveryDelay":{'
    b'"delayType":"MailboxFull","expirationTime":"","delayedRecipients":[{"emailAddress":"","open":'
    b'{"ipAddress":"","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/'
    b"605.1.15 (KHTML, like Gecko) (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com "
    b'GoogleImageProxy)","click":{"linkTags":null,"link":"https://","failure":{"errorMessage":"",'
    b'"templateName":"","send":{},"delivery":{"timestamp":"","processingTimeMillis":0,"recipients":'
    b'[""],"smtpResponse":"250 2.6.0 Message received","remoteMtaIp":"","reportingMTA":'
    b'"a.smtp-out.amazonses.com"}}{"eventType":"Delivery","notificationType":"Bounce","mail":{'
    b'"timestamp":"2026-11-28T00:00:00.000Z","source":"","sourceArn":"arn:aws:ses:eu-west-1:'
    b'123456789012:identity/","sendingAccountId":"","messageId":"0102019a","destination":[""],'
    b'"headersTruncated":false,"headers":[{"name":"From","value":""},{"name":"Reply-To","value":""}'
    b',{"name":"To","value":""},{"name":"Subject","value":""},{"name":"MIME-Version","value":"1.0"}'
    b',{"name":"Content-Type","value":"multipart/alternative; boundary=\\"----=_Part_"},{"name":'
    b'"List-Unsubscribe","value":"<mailto:?subject=unsubscribe>"},{"name":"List-Unsubscribe-Post",'
    b'"value":"List-Unsubscribe=One-Click"}],"commonHeaders":{"from":[""],"replyTo":[""],"to":[""],'
    b'"messageId":"","subject":""},"tags":{"ses:operation":["SendEmail"],"ses:configuration-set":'
    b'[""],"ses:recipient-isp":["Gmail"],"ses:source-ip":[""],"ses:from-domain":[""],'
    b'"ses:caller-identity":["user"],"ses:outgoing-ip":[""],"sestui-run":["1"],"sestui-delivery":'
    b'["1"]}}}'
)
"""What events have in common; what is most frequent comes last. Never change it: what was
compressed with it can't be read with another."""


def compressed(text: bytes) -> bytes:
    """``text``, compressed."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, _WORDS)
    return packer.compress(text) + packer.flush()


def uncompressed(kept: bytes) -> bytes:
    """What :func:`compressed` was given."""
    unpacker = zlib.decompressobj(-15, _WORDS)
    return unpacker.decompress(kept) + unpacker.flush()
