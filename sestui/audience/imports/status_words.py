"""Other tools' names for statuses of contacts.

Names of columns and values of cells in exports of Mailchimp, Ghost, listmonk, Sendy, Brevo,
HubSpot, Keila, ActiveCampaign, MailerLite, Kit, Mautic, phpList, MailUp, Salesforce and Constant
Contact, including localized ones. All are compared folded: without case, accents, spaces and
punctuation.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum

from sestui.core.text import folded


class Meaning(StrEnum):
    """The meaning of a status."""

    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    """Unsubscribed, or never subscribed."""
    BOUNCED = "bounced"
    BLOCKLISTED = "blocklisted"
    COMPLAINED = "complained"

    @property
    def weight(self) -> int:
        """The heaviest of several words counts."""
        return _WEIGHTS[self]

    @property
    def suppresses(self) -> bool:
        """Whether the address is suppressed, not only the contact unsubscribed."""
        return self not in {Meaning.ACTIVE, Meaning.UNSUBSCRIBED}

    @property
    def becomes(self) -> str:
        """The contact's resulting status, for people."""
        return f"suppressed ({self.value})" if self.suppresses else self.value


_WEIGHTS = {meaning: weight for weight, meaning in enumerate(Meaning)}


class Kind(Enum):
    """The meaning of a column's filled cells."""

    STATUS = "status"
    """A word for the status."""
    WILLING = "willing"
    """Yes: they may be mailed."""
    UNSUBSCRIBED = "unsubscribed"
    """Yes, or a date: they unsubscribed."""
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKLISTED = "blocklisted"
    HARD_BOUNCE_REASON = "hard bounce reason"
    """Any text: it bounced."""

    @property
    def meaning(self) -> Meaning:
        """The meaning of yes in such a column."""
        return _YES_MEANS[self]


_YES_MEANS = {
    Kind.STATUS: Meaning.ACTIVE,
    Kind.WILLING: Meaning.ACTIVE,
    Kind.UNSUBSCRIBED: Meaning.UNSUBSCRIBED,
    Kind.BOUNCED: Meaning.BOUNCED,
    Kind.COMPLAINED: Meaning.COMPLAINED,
    Kind.BLOCKLISTED: Meaning.BLOCKLISTED,
    Kind.HARD_BOUNCE_REASON: Meaning.BOUNCED,
}


def _words(text: str) -> frozenset[str]:
    return frozenset(folded(word) for word in text.split())


_SURE_NAMES = {
    # Columns that can hardly be anything else: what is not understood in them is asked about.
    Kind.STATUS: _words(
        "status subscription_status subscriber_status email_status email_marketing_status "
        "marketing_status contact_status member_status mailing_status newsletter_status "
        "opt_in_status list_status email_subscription_status subscription_state "
        "email_permission_status email_permissions_status marketing_contact_status "
        "statut statut_abonnement statut_de_l'abonnement statut_du_contact "
        "abonnementstatus abonnementsstatus abostatus anmeldestatus abmeldestatus "
        "estado_de_suscripción estado_de_la_suscripción estado_suscripción "
        "stato_iscrizione stato_dell'iscrizione situação status_da_inscrição status_da_assinatura "
        "inschrijvingsstatus prenumerationsstatus tilauksen_tila status_subskrypcji "
        "stav_odběru abonelik_durumu "
        "статус статус_подписки ステータス 購読ステータス 配信ステータス 状态 订阅状态 "
        "狀態 訂閱狀態 "
        "상태 구독_상태"
    ),
    Kind.WILLING: _words(
        "subscribed is_subscribed subscribed_to_emails subscribed_to_newsletter "
        "newsletter_subscribed newsletter_subscription email_subscribed "
        "opt_in opted_in email_opt_in is_opted_in marketing_opt_in email_marketing_opt_in "
        "newsletter_opt_in double_opt_in did_this_user_manually_confirm "
        "accepts_marketing accepts_email_marketing "
        "email_marketing_consent marketing_consent email_consent newsletter_consent "
        "consent_to_email allow_email allow_emails receive_emails receive_newsletter "
        "wants_newsletter mailable emailable is_the_email_of_this_user_confirmed "
        "abonniert newsletter_abonniert newsletter_einwilligung einwilligung_newsletter "
        "abonné est_abonné accepte_les_emails suscrito está_suscrito acepta_marketing "
        "iscritto inscrito geabonneerd prenumererar tilmeldt_nyhedsbrev "
        "подписан согласие_на_рассылку 購読中 已订阅"
    ),
    Kind.UNSUBSCRIBED: _words(
        "unsubscribed is_unsubscribed unsubscribed_at unsubscribed_on unsubscribed_date "
        "unsubscribed_time unsubscribe unsubscribe_date unsubscribe_time unsub_time unsub_date "
        "unsubscription_date unsubscription_time date_unsubscribed date_of_unsubscription "
        "unsubscribed_from_all unsubscribed_from_all_email unsubscribed_from_all_emails "
        "opt_out opted_out is_opted_out email_opt_out opted_out_of_email has_opted_out_of_email "
        "hs_email_optout opt_out_date opt_out_time opted_out_at opted_out_date optout_date "
        "do_not_email do_not_mail do_not_contact dnc dnc_email "
        "abgemeldet abgemeldet_am abmeldedatum abbestellt abbestellt_am austragungsdatum "
        "désabonné désabonné_le désinscrit désinscrit_le date_de_désinscription "
        "date_de_désabonnement date_désinscription date_désabonnement "
        "dado_de_baja fecha_de_baja fecha_de_cancelación_de_la_suscripción "
        "disiscritto data_disiscrizione data_di_disiscrizione "
        "descadastrado data_de_descadastro data_do_descadastro "
        "uitgeschreven uitgeschreven_op uitschrijfdatum afgemeld afmelddatum "
        "wypisany data_wypisania avregistrerad afmeldt odhlášen leiratkozott "
        "отписан отписался дата_отписки 購読解除 購読解除日 配信停止 配信停止日 退订 "
        "已退订 退订时间 "
        "수신거부 구독취소"
    ),
    Kind.BOUNCED: _words(
        "bounced is_bounced bounced_at bounced_on bounce_date bounce_time hard_bounce "
        "hard_bounced "
        "hard_bounced_at is_hard_bounced cleaned cleaned_at clean_time clean_date email_bounced "
        "email_bounced_date email_disabled undeliverable hs_email_bad_address "
        "invalid_email_address unzustellbar bereinigt nettoyé rebotado limpiado クリーニング済み "
        "已清理"
    ),
    Kind.COMPLAINED: _words(
        "complained complained_at complaint complaint_date complaint_time spam_complaint "
        "marked_as_spam marked_spam reported_spam reported_as_spam spam_report spam_reported "
        "spam_beschwerde plainte_spam"
    ),
    Kind.BLOCKLISTED: _words(
        "blocklisted blacklisted is_blocklisted is_blacklisted email_blocklisted "
        "email_blacklisted "
        "blocklisted_email blacklisted_email is_this_user_blacklisted is_this_account_disabled "
        "suppressed is_suppressed suppressed_at banned is_banned is_blocked globally_suppressed "
        "is_globally_ineligible blocklisté blacklisté blocklisté_email lista_negra 黑名单"
    ),
    Kind.HARD_BOUNCE_REASON: _words(
        "email_hard_bounce_reason hs_email_hard_bounce_reason hs_email_hard_bounce_reason_enum "
        "email_bounced_reason"
    ),
}
_MAYBE_NAMES = {
    # Columns that may be about something else: they count if most of their values are understood.
    Kind.STATUS: _words(
        "state subscription suscripción abonnement iscrizione assinatura inscription estado stato "
        "stan tila stav állapot durum подписка type contact_type subscriber_type consent_status"
    ),
    Kind.WILLING: _words(
        "newsletter newsletters active is_active enabled is_enabled consent email_permission "
        "permission marketing mailing mailings emails confirmed is_confirmed email_confirmed "
        "angemeldet einwilligung aktiv bestätigt inscrit actif confirmé activo confirmado attivo "
        "confermato ativo actief ingeschreven bevestigd zapisany aktywny tilmeldt aktif "
        "активен подтверждён 購読 有効 订阅"
    ),
    Kind.UNSUBSCRIBED: _words(
        "deleted_at removed_at cancelled_at canceled_at deactivated_at removed cancelled canceled "
        "baja cancelado cancelou data_de_cancelamento inactive no_mail no_email gekündigt"
    ),
    Kind.BOUNCED: _words("bounce bounces invalid is_invalid"),
    Kind.COMPLAINED: _words("spam is_spam abuse junk complaints"),
    Kind.BLOCKLISTED: _words(
        "blocked blocklist blacklist disabled is_disabled suspended gesperrt blockiert bloqué "
        "bloqueado bloccato geblokkeerd zablokowany заблокирован"
    ),
}
_KINDS = {
    name: (kind, sure)
    for names, sure in ((_MAYBE_NAMES, False), (_SURE_NAMES, True))
    for kind, words in names.items()
    for name in words
}
_SURE_BEGINNINGS = (
    # HubSpot has a column for each kind of mail.
    ("optedoutofemail", Kind.UNSUBSCRIBED),
    ("hsemailoptout", Kind.UNSUBSCRIBED),
)

YES = _words(
    "yes y true t 1 on x ja oui sí si sim tak да はい 是 evet kyllä igen ano vrai wahr verdadero "
    "vero prawda checked joo"
) | {"✓", "✔", "☑", "1.0"}
NO = _words(
    "no n false f 0 off nein non não nao nie нет いいえ 否 hayır ei nem ne faux falsch falso nee "
    "unchecked"
) | {"✗", "✘", "☐", "0.0"}
NOTHING = _words("null none nil na n/a nan never niemals undefined jamais nunca mai") | {
    "",
    "-",
    "—",
    "\\n",  # MySQL's NULL
}
"""Values that are the same as an empty cell."""

_VALUES: Mapping[Meaning, frozenset[str]] = {
    Meaning.ACTIVE: _words(
        "active subscribed subscriber enabled confirmed opted_in opt_in verified valid "
        "deliverable "
        "double_opt_in single_opt_in implied express explicit marketing_contact contactable "
        "aktiv abonniert abonnent angemeldet bestätigt actif abonné inscrit confirmé "
        "activo activa suscrito suscrita confirmado attivo iscritto confermato ativo inscrito "
        "actief geabonneerd ingeschreven bevestigd aktywny zapisany subskrybowany subskrybent "
        "prenumererar tilmeldt tilaaja přihlášen abone aktif feliratkozott "
        "активен активный активна подписан подписчик подтверждён подтверждено "
        "有効 購読中 登録済み 订阅 已订阅 活跃 已確認 訂閱 활성 구독중 구독"
    ),
    Meaning.UNSUBSCRIBED: _words(
        "unsubscribed unsub opted_out opt_out optout removed left cancelled canceled inactive "
        "disabled unconfirmed not_confirmed pending pending_confirmation awaiting_confirmation "
        "non_subscribed nonsubscribed not_subscribed never_subscribed non_subscriber "
        "transactional "
        "archived deleted suspended do_not_contact do_not_email do_not_mail dnc "
        "non_marketing_contact not_opted_in no_permission expired withdrawn revoked "
        "unsubscribed_by_admin unsubscribed_by_user unsubscribed_via_email "
        "unsubscribed_via_email_link "
        "inaktiv abgemeldet abbestellt ausgetragen unbestätigt ausstehend gelöscht "
        "nicht_abonniert "
        "nicht_bestätigt deaktiviert "
        "inactif désabonné désabonnée désinscrit désinscrite non_confirmé en_attente non_abonné "
        "supprimé désactivé "
        "inactivo dado_de_baja baja cancelado no_confirmado pendiente no_suscrito desuscrito "
        "inattivo disiscritto cancellato annullato non_confermato in_attesa non_iscritto "
        "inativo descadastrado não_confirmado pendente não_inscrito cancelada "
        "inactief uitgeschreven afgemeld onbevestigd in_afwachting niet_geabonneerd "
        "nieaktywny wypisany niepotwierdzony oczekujący avregistrerad inaktiv afmeldt "
        "ej_bekräftad "
        "peruuttanut odhlášen nepotvrzen leiratkozott ayrıldı abonelikten_çıktı pasif "
        "неактивен неактивный отписан отписался отписалась отписана неподтверждён ожидает "
        "購読解除 購読解除済み 配信停止 解除 解除済み 無効 未確認 未購読 退订 已退订 "
        "取消订阅 未订阅 "
        "未确认 退訂 已取消訂閱 구독취소 구독_취소 수신거부 비활성"
    ),
    Meaning.BOUNCED: _words(
        "bounced bounce hard_bounced hard_bounce hard soft_bounced soft_bounce soft "
        "cleaned invalid "
        "undeliverable unreachable not_deliverable bad_address bad_email email_invalid "
        "unzustellbar bereinigt gebounct gebounced ungültig nettoyé invalide non_distribuable "
        "rebotado limpiado inválido pulito rimbalzato non_valido limpo opgeschoond ongeldig "
        "wyczyszczony odbity nieprawidłowy rensad studsade ogiltig odražen geri_döndü geçersiz "
        "очищен недоставлен недействителен クリーニング済み クリーン済み 不達 已清理 "
        "已清除 无效 退信 "
        "반송"
    ),
    Meaning.COMPLAINED: _words(
        "complained complaint complaints spam abuse junk marked_as_spam spam_complaint "
        "spam_report reported_spam reported_as_spam flagged_as_spam contact_flagged_as_spam "
        "spam_reporter beschwerde als_spam_markiert spam_gemeldet plainte marqué_comme_spam "
        "queja marcado_como_spam segnalato_come_spam reclamação жалоба спам 迷惑メール "
        "投诉 垃圾邮件"
    ),
    Meaning.BLOCKLISTED: _words(
        "blocklisted blacklisted blocked blocklist blacklist banned suppressed suppression denied "
        "manual admin_blocked globally_suppressed unmailable gesperrt blockiert bloqué bloquée "
        "blocklisté blacklisté bloqueado bloqueada en_lista_negra bloccato in_blacklist "
        "geblokkeerd "
        "zablokowany na_czarnej_liście blockerad zablokován engellendi "
        "заблокирован чёрный_список черный_список ブロック ブロック済み 黑名单 已屏蔽 封鎖 차단"
    ),
}
_MEANINGS = {word: meaning for meaning, words in _VALUES.items() for word in words}

_TELLING = _words(
    "unsubscribed unsub opted_out optout unsubscribed_by_admin unsubscribed_by_user "
    "bounced bounce hard_bounced hard_bounce soft_bounced soft_bounce "
    "complained complaint spam_complaint marked_as_spam reported_as_spam "
    "blocklisted blacklisted abgemeldet abbestellt gebounct gebounced als_spam_markiert "
    "désabonné désabonnée désinscrit désinscrite marqué_comme_spam "
    "dado_de_baja desuscrito rebotado marcado_como_spam disiscritto descadastrado "
    "uitgeschreven afgemeld wypisany avregistrerad afmeldt odhlášen leiratkozott "
    "abonelikten_çıktı отписан отписался отписалась отписана "
    "購読解除 購読解除済み 配信停止 退订 已退订 取消订阅 退訂 已取消訂閱 구독취소 수신거부"
)
"""Words for unsubscribing that are unambiguous in any column."""

SUBSCRIPTIONS = _words("subscription_status subscriber_status subscription_state")
"""A contact's status on a list, in the JSON of its lists."""

_NUMBERS = {
    # Mautic: doNotContact's reasons.
    **{(name, "1"): Meaning.UNSUBSCRIBED for name in ("dnc", "dncemail", "donotcontact")},
    **{(name, "2"): Meaning.BOUNCED for name in ("dnc", "dncemail", "donotcontact")},
    **{(name, "3"): Meaning.BLOCKLISTED for name in ("dnc", "dncemail", "donotcontact")},
    # Brevo: 1 is yes, 2 is no.
    ("doubleoptin", "2"): Meaning.UNSUBSCRIBED,
}


def kind_of(label: str) -> tuple[Kind, bool] | None:
    """The kind of a column with this name, and whether the name is unambiguous; or None."""
    name = folded(label)
    for beginning, kind in _SURE_BEGINNINGS:
        if name.startswith(beginning):
            return kind, True
    # ``lists.subscription_status``: what a contact's lists say, out of listmonk's JSON.
    within = folded(label.rpartition(".")[2]) if "." in label else name
    return _KINDS.get(within if within in SUBSCRIPTIONS else name)


def meaning_of_word(value: str) -> Meaning | None:
    """The meaning of a word in a column of statuses; None if unknown."""
    return _MEANINGS.get(folded(value))


def is_telling(value: str) -> bool:
    """Whether a word in any column means that somebody must not be mailed."""
    return folded(value) in _TELLING


def meaning_of_number(label: str, value: str) -> Meaning | None:
    """The meaning of a tool's number in its column of that name; None if unknown."""
    return _NUMBERS.get((folded(label), value))
