"""The pages' sentences in each language, and the choice of the language."""

from dataclasses import dataclass
from functools import lru_cache

FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """All sentences of the pages; ``{…}`` is filled in."""

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
    subscribe_title: str
    email: str
    first_name: str
    which_lists: str
    subscribe: str
    subscribe_note: str
    bad_address: str
    leave_empty: str
    sent_title: str
    sent: str
    confirm_title: str
    consent: str
    """``{address}``, masked, and ``{lists}``: the text that is kept as what was agreed to."""
    subscribed: str
    expired: str


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
        subscribe_title="Get our emails",
        email="Email address",
        first_name="First name (optional)",
        which_lists="What would you like to get?",
        subscribe="Subscribe",
        subscribe_note="We’ll send you an email with a link to confirm. You can unsubscribe "
        "at any time.",
        bad_address="Please enter an email address such as name@example.com.",
        leave_empty="Leave this field empty",
        sent_title="Please check your inbox",
        sent="If this address can be subscribed, an email is on its way to it. Open the link "
        "in it to confirm.",
        confirm_title="Confirm your subscription",
        consent="By confirming, you ask us to send emails to {address} ({lists}). You can "
        "unsubscribe at any time.",
        subscribed="Your subscription has been confirmed.",
        expired="This link has expired. Nothing has been changed. Please fill in the form "
        "again to get a new one.",
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
        subscribe_title="Unsere E-Mails erhalten",
        email="E-Mail-Adresse",
        first_name="Vorname (freiwillig)",
        which_lists="Was möchten Sie erhalten?",
        subscribe="Anmelden",
        subscribe_note="Wir senden Ihnen eine E-Mail mit einem Link zur Bestätigung. Sie "
        "können sich jederzeit wieder abmelden.",
        bad_address="Bitte geben Sie eine E-Mail-Adresse wie name@example.com ein.",
        leave_empty="Dieses Feld leer lassen",
        sent_title="Bitte sehen Sie in Ihrem Posteingang nach",
        sent="Wenn sich diese Adresse anmelden lässt, ist eine E-Mail an sie unterwegs. "
        "Öffnen Sie den Link darin, um die Anmeldung zu bestätigen.",
        confirm_title="Anmeldung bestätigen",
        consent="Mit der Bestätigung bitten Sie uns, E-Mails an {address} zu senden "
        "({lists}). Sie können sich jederzeit wieder abmelden.",
        subscribed="Ihre Anmeldung ist bestätigt.",
        expired="Dieser Link ist abgelaufen. Es wurde nichts geändert. Bitte füllen Sie das "
        "Formular noch einmal aus, um einen neuen zu erhalten.",
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
        subscribe_title="Recevoir nos e-mails",
        email="Adresse e-mail",
        first_name="Prénom (facultatif)",
        which_lists="Que souhaitez-vous recevoir ?",
        subscribe="M’inscrire",
        subscribe_note="Nous vous enverrons un e-mail avec un lien de confirmation. Vous "
        "pourrez vous désabonner à tout moment.",
        bad_address="Veuillez saisir une adresse e-mail telle que nom@example.com.",
        leave_empty="Laissez ce champ vide",
        sent_title="Consultez votre boîte de réception",
        sent="Si cette adresse peut être inscrite, un e-mail lui est envoyé. Ouvrez le lien "
        "qu’il contient pour confirmer.",
        confirm_title="Confirmez votre inscription",
        consent="En confirmant, vous nous demandez d’envoyer des e-mails à {address} "
        "({lists}). Vous pourrez vous désabonner à tout moment.",
        subscribed="Votre inscription est confirmée.",
        expired="Ce lien a expiré. Rien n’a été modifié. Veuillez remplir à nouveau le "
        "formulaire pour en recevoir un autre.",
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
        subscribe_title="Recibir nuestros correos",
        email="Correo electrónico",
        first_name="Nombre (opcional)",
        which_lists="¿Qué desea recibir?",
        subscribe="Suscribirme",
        subscribe_note="Le enviaremos un correo con un enlace de confirmación. Puede darse "
        "de baja en cualquier momento.",
        bad_address="Escriba una dirección de correo como nombre@example.com.",
        leave_empty="Deje este campo vacío",
        sent_title="Revise su bandeja de entrada",
        sent="Si esta dirección se puede suscribir, un correo está en camino. Abra el enlace "
        "que contiene para confirmar.",
        confirm_title="Confirme su suscripción",
        consent="Al confirmar, nos pide que enviemos correos a {address} ({lists}). Puede "
        "darse de baja en cualquier momento.",
        subscribed="Su suscripción está confirmada.",
        expired="Este enlace ha caducado. No se ha cambiado nada. Rellene de nuevo el "
        "formulario para recibir otro.",
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
        subscribe_title="Receber os nossos e-mails",
        email="Endereço de e-mail",
        first_name="Nome (opcional)",
        which_lists="O que deseja receber?",
        subscribe="Inscrever-me",
        subscribe_note="Enviaremos um e-mail com um link de confirmação. Pode cancelar a "
        "inscrição a qualquer momento.",
        bad_address="Introduza um endereço de e-mail como nome@example.com.",
        leave_empty="Deixe este campo vazio",
        sent_title="Verifique a sua caixa de entrada",
        sent="Se este endereço puder ser inscrito, um e-mail está a caminho. Abra o link que "
        "ele contém para confirmar.",
        confirm_title="Confirme a sua inscrição",
        consent="Ao confirmar, pede-nos que enviemos e-mails para {address} ({lists}). Pode "
        "cancelar a inscrição a qualquer momento.",
        subscribed="A sua inscrição está confirmada.",
        expired="Este link expirou. Nada foi alterado. Preencha novamente o formulário para "
        "receber outro.",
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
        subscribe_title="メール配信のお申し込み",
        email="メールアドレス",
        first_name="お名前（任意）",
        which_lists="受け取りたいものをお選びください",
        subscribe="申し込む",
        subscribe_note="確認用のリンクを記載したメールをお送りします。配信はいつでも停止できます。",
        bad_address="name@example.com のようなメールアドレスを入力してください。",
        leave_empty="この欄は空のままにしてください",
        sent_title="受信トレイをご確認ください",
        sent="このアドレスで申し込める場合は、メールをお送りしました。"
        "メール内のリンクを開いて確定してください。",
        confirm_title="登録の確認",
        consent="確定すると、{address} 宛てのメール（{lists}）の配信に同意したことになります。"
        "配信はいつでも停止できます。",
        subscribed="登録を確定しました。",
        expired="このリンクの有効期限が切れています。設定は変更されていません。"
        "もう一度フォームからお申し込みください。",
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
        subscribe_title="订阅我们的邮件",
        email="邮箱地址",
        first_name="名字（选填）",
        which_lists="您想订阅哪些内容？",
        subscribe="订阅",
        subscribe_note="我们会向您发送一封带有确认链接的邮件。您可以随时退订。",
        bad_address="请输入邮箱地址，例如 name@example.com。",
        leave_empty="请将此栏留空",
        sent_title="请查看您的收件箱",
        sent="如果此地址可以订阅，我们已向其发送邮件。请打开邮件中的链接进行确认。",
        confirm_title="确认您的订阅",
        consent="确认后，即表示您同意我们向 {address} 发送邮件（{lists}）。您可以随时退订。",
        subscribed="您的订阅已确认。",
        expired="此链接已过期。未做任何更改。请重新填写表单以获取新链接。",
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
