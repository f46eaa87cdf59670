"""The page's sentences in each language, and the choice of the language."""

from dataclasses import dataclass
from functools import lru_cache

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """All sentences of the page; ``{…}`` is filled in."""

    title: str
    about: str
    """``{address}``, masked."""
    sender: str
    """``{sender}``, where it is known."""
    question: str
    all: str
    lists: str
    pause_30: str
    pause_90: str
    confirm: str
    unsubscribed: str
    left_lists: str
    paused: str
    """``{date}``."""
    suppressed: str
    undo: str
    invalid_title: str
    invalid: str
    choose: str
    unavailable_title: str
    unavailable: str


WORDS: dict[str, Words] = {
    "en": Words(
        title="Your email preferences",
        about="This is about emails to {address}.",
        sender="Sender: {sender}",
        question="What would you like?",
        all="Unsubscribe from all newsletters",
        lists="Unsubscribe from emails like this one only",
        pause_30="Pause for 30 days",
        pause_90="Pause for 90 days",
        confirm="Confirm",
        unsubscribed="You are unsubscribed. You won’t get any more newsletters from us.",
        left_lists="You won’t get any more emails like this one.",
        paused="Emails are paused until {date}. They resume on their own after that.",
        suppressed="We no longer send any email to this address.",
        undo="Undo",
        invalid_title="This link doesn’t work",
        invalid="Please open the link in your email again, or copy all of it. "
        "Nothing has been changed.",
        choose="Please choose one of the options.",
        unavailable_title="Please try again later",
        unavailable="This can’t be done just now. Nothing has been changed.",
    ),
    "de": Words(
        title="Ihre E-Mail-Einstellungen",
        about="Es geht um E-Mails an {address}.",
        sender="Absender: {sender}",
        question="Was möchten Sie?",
        all="Alle Newsletter abbestellen",
        lists="Nur E-Mails wie diese abbestellen",
        pause_30="30 Tage pausieren",
        pause_90="90 Tage pausieren",
        confirm="Bestätigen",
        unsubscribed="Sie sind abgemeldet. Sie erhalten keine Newsletter mehr von uns.",
        left_lists="Sie erhalten keine E-Mails dieser Art mehr.",
        paused="E-Mails pausieren bis {date}. Danach kommen sie von selbst wieder.",
        suppressed="An diese Adresse senden wir keine E-Mails mehr.",
        undo="Rückgängig machen",
        invalid_title="Dieser Link funktioniert nicht",
        invalid="Bitte öffnen Sie den Link in Ihrer E-Mail noch einmal oder kopieren Sie ihn "
        "vollständig. Es wurde nichts geändert.",
        choose="Bitte wählen Sie eine der Möglichkeiten.",
        unavailable_title="Bitte versuchen Sie es später noch einmal",
        unavailable="Das geht im Augenblick nicht. Es wurde nichts geändert.",
    ),
    "fr": Words(
        title="Vos préférences d’e-mail",
        about="Il s’agit des e-mails envoyés à {address}.",
        sender="Expéditeur : {sender}",
        question="Que souhaitez-vous ?",
        all="Me désabonner de toutes les newsletters",
        lists="Me désabonner uniquement des e-mails comme celui-ci",
        pause_30="Suspendre pendant 30 jours",
        pause_90="Suspendre pendant 90 jours",
        confirm="Confirmer",
        unsubscribed="Vous êtes désabonné(e). Vous ne recevrez plus de newsletters de notre part.",
        left_lists="Vous ne recevrez plus d’e-mails comme celui-ci.",
        paused="Les e-mails sont suspendus jusqu’au {date}. Ils reprendront ensuite d’eux-mêmes.",
        suppressed="Nous n’envoyons plus aucun e-mail à cette adresse.",
        undo="Annuler",
        invalid_title="Ce lien ne fonctionne pas",
        invalid="Veuillez ouvrir à nouveau le lien dans votre e-mail, ou le copier en entier. "
        "Rien n’a été modifié.",
        choose="Veuillez choisir l’une des options.",
        unavailable_title="Veuillez réessayer plus tard",
        unavailable="Cette opération est impossible pour le moment. Rien n’a été modifié.",
    ),
    "es": Words(
        title="Sus preferencias de correo",
        about="Se trata de los correos enviados a {address}.",
        sender="Remitente: {sender}",
        question="¿Qué desea hacer?",
        all="Darme de baja de todos los boletines",
        lists="Darme de baja solo de correos como este",
        pause_30="Pausar durante 30 días",
        pause_90="Pausar durante 90 días",
        confirm="Confirmar",
        unsubscribed="Se ha dado de baja. Ya no recibirá nuestros boletines.",
        left_lists="Ya no recibirá correos como este.",
        paused="Los correos están en pausa hasta el {date}. Después se reanudarán por sí solos.",
        suppressed="Ya no enviamos ningún correo a esta dirección.",
        undo="Deshacer",
        invalid_title="Este enlace no funciona",
        invalid="Abra de nuevo el enlace de su correo o cópielo entero. No se ha cambiado nada.",
        choose="Elija una de las opciones.",
        unavailable_title="Vuelva a intentarlo más tarde",
        unavailable="No es posible en este momento. No se ha cambiado nada.",
    ),
    "pt": Words(
        title="As suas preferências de e-mail",
        about="Trata-se dos e-mails enviados para {address}.",
        sender="Remetente: {sender}",
        question="O que deseja?",
        all="Cancelar a inscrição em todas as newsletters",
        lists="Cancelar apenas e-mails como este",
        pause_30="Pausar por 30 dias",
        pause_90="Pausar por 90 dias",
        confirm="Confirmar",
        unsubscribed="Inscrição cancelada. Não receberá mais newsletters nossas.",
        left_lists="Não receberá mais e-mails como este.",
        paused="Os e-mails estão em pausa até {date}. Depois disso, voltam automaticamente.",
        suppressed="Já não enviamos e-mails para este endereço.",
        undo="Desfazer",
        invalid_title="Este link não funciona",
        invalid="Abra novamente o link do seu e-mail ou copie-o por inteiro. Nada foi alterado.",
        choose="Escolha uma das opções.",
        unavailable_title="Tente novamente mais tarde",
        unavailable="Não é possível neste momento. Nada foi alterado.",
    ),
    "ja": Words(
        title="メール配信の設定",
        about="{address} 宛てのメールについての設定です。",
        sender="送信者：{sender}",
        question="ご希望をお選びください",
        all="すべてのニュースレターの配信を停止する",
        lists="このようなメールだけ配信を停止する",
        pause_30="30日間休止する",
        pause_90="90日間休止する",
        confirm="確定する",
        unsubscribed="配信を停止しました。今後ニュースレターは届きません。",
        left_lists="今後このようなメールは届きません。",
        paused="{date}まで配信を休止しています。その後は自動的に再開します。",
        suppressed="このアドレスへのメール配信は行っていません。",
        undo="元に戻す",
        invalid_title="このリンクは使えません",
        invalid="メール内のリンクをもう一度開くか、リンク全体をコピーしてください。"
        "設定は変更されていません。",
        choose="いずれかを選択してください。",
        unavailable_title="しばらくしてからもう一度お試しください",
        unavailable="ただいま処理できません。設定は変更されていません。",
    ),
    "zh": Words(
        title="您的邮件偏好设置",
        about="以下设置针对发送至 {address} 的邮件。",
        sender="发件人：{sender}",
        question="您希望怎样处理？",
        all="退订所有订阅邮件",
        lists="仅退订此类邮件",
        pause_30="暂停 30 天",
        pause_90="暂停 90 天",
        confirm="确认",
        unsubscribed="您已退订，今后不会再收到我们的订阅邮件。",
        left_lists="您今后不会再收到此类邮件。",
        paused="邮件已暂停至 {date}，之后将自动恢复。",
        suppressed="我们不再向此地址发送任何邮件。",
        undo="撤销",
        invalid_title="此链接无效",
        invalid="请重新打开邮件中的链接，或复制完整的链接。未做任何更改。",
        choose="请选择其中一项。",
        unavailable_title="请稍后再试",
        unavailable="目前无法处理。未做任何更改。",
    ),
}
"""By language."""

_MOST_LANGUAGES = 20
"""The most languages of a request that are considered."""


@lru_cache(maxsize=512)
def language_of(accepted: str) -> str:
    """The preferred of our languages by a request's ``Accept-Language``, or English."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:1_000].split(",")[:_MOST_LANGUAGES]):
        tag, _, weight = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        wanted.append((-_weight(weight), place, language))
    for weighed, _, language in sorted(wanted):
        if weighed < 0 and language in WORDS:
            return language
    return FALLBACK


def _weight(text: str) -> float:
    """The weight in ``q=0.8``; 1 if there is none, 0 if it can't be read."""
    name, _, value = text.partition("=")
    if not name.strip():
        return 1.0
    try:
        weight = float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0  # not "nan" either
