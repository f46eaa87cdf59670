"""The mail that asks whoever filled in the subscribe form to confirm, in each language.

Nothing that was typed into the form is in it but the address: otherwise strangers could use it to
send people messages of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sestui.core.content.message import MessageSource

FALLBACK = "en"

_BODY = """\
{asks}

[**{confirm}**]({{{{ confirm_url }}}})

{otherwise}
"""

_TEXT = """\
{asks}

{confirm}: {{{{ confirm_url }}}}

{otherwise}
"""


@dataclass(frozen=True, slots=True)
class _Sentences:
    subject: str
    asks: str
    confirm: str
    otherwise: str


_SENTENCES: Mapping[str, _Sentences] = {
    "en": _Sentences(
        "Please confirm your subscription",
        "Someone, probably you, would like to get our emails at {{ address }} ({{ list_names }}).",
        "Confirm the subscription",
        "If it wasn’t you, ignore this email: you won’t get any others. The link works for "
        "48 hours.",
    ),
    "de": _Sentences(
        "Bitte bestätigen Sie Ihre Anmeldung",
        "Jemand, vermutlich Sie, möchte unsere E-Mails an {{ address }} erhalten "
        "({{ list_names }}).",
        "Anmeldung bestätigen",
        "Falls Sie das nicht waren, ignorieren Sie diese E-Mail: Sie erhalten keine weiteren. Der "
        "Link gilt 48 Stunden.",
    ),
    "fr": _Sentences(
        "Veuillez confirmer votre inscription",
        "Quelqu’un, probablement vous, souhaite recevoir nos e-mails à l’adresse {{ address }} "
        "({{ list_names }}).",
        "Confirmer l’inscription",
        "Si ce n’était pas vous, ignorez cet e-mail : vous n’en recevrez pas d’autre. Le lien est "
        "valable 48 heures.",
    ),
    "es": _Sentences(
        "Confirme su suscripción",
        "Alguien, probablemente usted, desea recibir nuestros correos en {{ address }} "
        "({{ list_names }}).",
        "Confirmar la suscripción",
        "Si no ha sido usted, ignore este correo: no recibirá ninguno más. El enlace es válido "
        "durante 48 horas.",
    ),
    "pt": _Sentences(
        "Confirme a sua inscrição",
        "Alguém, provavelmente você, deseja receber os nossos e-mails em {{ address }} "
        "({{ list_names }}).",
        "Confirmar a inscrição",
        "Se não foi você, ignore este e-mail: não receberá mais nenhum. O link é válido por "
        "48 horas.",
    ),
    "ja": _Sentences(
        "登録の確認をお願いします",
        "{{ address }} 宛てにメール（{{ list_names }}）の配信が申し込まれました。",
        "登録を確定する",
        "お心当たりがない場合は、このメールを無視してください。今後メールは届きません。"
        "リンクの有効期限は48時間です。",
    ),
    "zh": _Sentences(
        "请确认您的订阅",
        "有人（很可能是您）申请用 {{ address }} 接收我们的邮件（{{ list_names }}）。",
        "确认订阅",
        "如果不是您本人操作，请忽略此邮件，您不会再收到其他邮件。链接在 48 小时内有效。",
    ),
}

LANGUAGES = frozenset(_SENTENCES)


def confirmation_message(lang: str) -> MessageSource:
    """The message in a language, or in English.

    Its variables are ``confirm_url``, ``address`` and ``list_names``.
    """
    said = _SENTENCES.get(lang, _SENTENCES[FALLBACK])
    parts = {"asks": said.asks, "confirm": said.confirm, "otherwise": said.otherwise}
    return MessageSource(
        subject=said.subject,
        body=_BODY.format(**parts),
        text=_TEXT.format(**parts),
    )
