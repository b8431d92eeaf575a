"""What CRMs call the columns of a directory: headings in several languages, and words for yes, no and languages.

For each of our columns the sets stand in order of trust: a heading of a later one counts where none of an earlier one
is there. Headings are compared as `fold` makes them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from releasewatch.domain.customers import Kind

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CURRENCY = "EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|JPY|CAD|AUD|BRL|€"
CURRENCY = re.compile(rf"(?:\bin |\s|[(\[])({_CURRENCY})[)\]]?\s*\Z")
"""How a heading names the currency of its amounts: three capital letters may mean anything, these do not."""
_UNIT = re.compile(rf"\s*(?:[(\[][^)\]]*[)\]]|\s(?:in )?(?:{_CURRENCY}))\s*\Z")
"""What stands behind the words: `(EUR)`, `in CHF`, `€`."""
_CUSTOM = re.compile(r"__c\Z")
_NO_WORD = re.compile(r"[\W_]+")


def fold(heading: str) -> str:
    """A heading as its words: `CustomerID` and `Customer-Id` are `customer id`, `Währung (Konto)` is `wahrung`."""
    words = _CAMEL.sub(" ", _CUSTOM.sub("", _UNIT.sub("", heading)))
    plain = unicodedata.normalize("NFKD", words.casefold())
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return _NO_WORD.sub(" ", letters).strip()


def _sets(*lists: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(fold(word) for word in words.split(",")) for words in lists)


_CUSTOMER_KEY = _sets(
    "customer id, customer number, customer no, customer nr, customer key, customer code, account id, "
    "account number, account no, account key, client id, client number, company id, crm id, external id, ext id, "
    "Kunden-ID, Kundennummer, Kundennr, Kunden-Nr, Kunden-No, Kd-Nr, KdNr, Kundenkennung, Kundencode, Debitor, "
    "Debitorennummer, Debitor-Nr, Debitorennr, Mandantennummer, numéro client, id client, code client, n° client, "
    "código cliente, id cliente, número de cliente, codice cliente, klantnummer, klant id",
    "id, record id, key, nr, no, nummer, number, code",
)
_WHOSE = (_CUSTOMER_KEY[0], frozenset({"customer"}), _CUSTOMER_KEY[1])
"""In our own files a contact's `customer` is a key; in others that heading is rather a name."""
_DO_NOT_CALL = _sets(
    "do not call, dnc, no calls, nicht anrufen, Anrufsperre, Telefonsperre, Anrufverbot, kein Anruf, ne pas appeler, "
    "no llamar, non chiamare, niet bellen"
)
_LANGUAGE = _sets(
    "language, preferred language, Sprache, Korrespondenzsprache, langue, idioma, lingua, taal, language code"
)
_TIMEZONE = _sets("timezone, time zone, tz, Zeitzone, fuseau horaire, zona horaria, fuso orario, tijdzone")

HEADINGS: Mapping[Kind, Mapping[str, tuple[frozenset[str], ...]]] = {
    "customers": {
        "key": _CUSTOMER_KEY,
        "name": _sets(
            "customer name, account name, company name, client name, organisation name, organization name, "
            "Kundenname, Name des Kunden, Firmenname, raison sociale, nom du client, razón social, "
            "nombre del cliente, ragione sociale, nome cliente, klantnaam, bedrijfsnaam",
            "company, customer, account, client, organisation, organization, Kunde, Firma, Unternehmen, société, "
            "entreprise, empresa, cliente, azienda, bedrijf, klant",
            "name, Name 1, nom, nombre, nome, naam, Bezeichnung",
        ),
        "aliases": _sets("aliases, alias, tenant id, tenant, Mandant"),
        "parent": _sets(
            "parent, parent id, parent account, parent account id, parent company, Muttergesellschaft, Konzern, "
            "Konzernmutter, Mutterfirma, Mutterunternehmen"
        ),
        "customer_tier": _sets(
            "customer tier, tier, Kundenstufe, Kundenklasse, ABC-Klasse, ABC, Stufe, service level, support level"
        ),
        "segment": _sets("segment, market segment, Kundensegment, Marktsegment", "industry, Branche, sector, secteur"),
        "contract_value": _sets(
            "contract value, annual contract value, acv, arr, annual recurring revenue, contract amount, "
            "Vertragswert, Vertragsvolumen, Auftragswert, Jahreswert, valeur du contrat, valor del contrato, "
            "valore contratto, contractwaarde",
            "revenue, Umsatz, Jahresumsatz, chiffre d'affaires, fatturato, omzet",
        ),
        "currency": _sets("currency, currency code, currency iso code, Währung, devise, moneda, valuta"),
        "renewal_on": _sets(
            "renewal on, renewal date, renewal, renews on, contract renewal, Verlängerung, Verlängerungsdatum, "
            "Vertragsverlängerung, date de renouvellement, fecha de renovación, data rinnovo",
            "contract end, contract end date, contract ends, Vertragsende, Vertrag bis, Laufzeitende, Laufzeit bis, "
            "fin de contrat, fin de contrato, fine contratto, einde contract",
        ),
        "account_manager": _sets(
            "account manager, account owner, key account manager, kam, account executive, customer success manager, "
            "csm, Betreuer, Kundenbetreuer, Kundenberater, Vertriebsbetreuer, chargé de compte, gestor de cuenta",
            "owner, owner id, sales rep, sales representative, rep, salesperson, Verkäufer, Vertreter, "
            "Vertriebsmitarbeiter, zuständig, Ansprechpartner intern, responsable, responsabile, employee id",
        ),
        "country": _sets(
            "country, country code, country region, Land, Länderkennzeichen, Ländercode, pays, país, paese, nazione",
            "billing country, mailing country, shipping country, Rechnungsland, Lieferland",
        ),
        "timezone": _TIMEZONE,
        "language": _LANGUAGE,
        "do_not_call": _DO_NOT_CALL,
        "escalated": _sets("escalated, escalation, eskaliert, Eskalation"),
        "sla_minutes": _sets("sla minutes, Reaktionszeit Minuten"),
        "credit_after_minutes": _sets("credit after minutes"),
    },
    "contacts": {
        "customer": _WHOSE,
        "name": _sets(
            "contact name, contact person, full name, Ansprechpartner, Ansprechpartnerin, Ansprechperson, "
            "Kontaktperson, Kontaktname, nom du contact, persona de contacto, referente, contactpersoon",
            "contact, Kontakt, primary contact, main contact, Hauptansprechpartner, Hauptkontakt, contacto, contatto",
        ),
        "key": _sets("contact id, contact key, contact number, Kontakt-ID, Kontaktnummer, Ansprechpartner-ID"),
        "role": _sets(
            "role, contact title, contact role, job title, position, Funktion, Rolle, function, fonction, cargo, "
            "ruolo, functie",
            "title",
        ),
        "phone": _sets(
            "phone, phone number, telephone, tel, tel no, Telefon, Telefonnummer, Telefon-Nr, Tel-Nr, Rufnummer, "
            "contact phone, work phone, business phone, office phone, téléphone, tél, téléphone fixe, "
            "teléfono, telefono, telefoon, Festnetz, Telefon Büro, Telefon geschäftlich",
            "mobile, mobile phone, mobile number, mobile no, cell, cell phone, cellphone, contact mobile, Mobil, "
            "Mobiltelefon, Mobilnummer, Mobil-Nr, Telefon mobil, Tel mobil, Handy, Handynummer, Handy-Nr, Natel, "
            "portable, téléphone portable, téléphone mobile, tél portable, tél mobile, numéro de portable, móvil, "
            "teléfono móvil, celular, teléfono celular, cellulare, telefono cellulare, telefono mobile, mobiel, "
            "mobiele telefoon, gsm",
        ),
        "email": _sets(
            "email, e-mail, email address, e-mail address, mail, E-Mail-Adresse, Mailadresse, Mail-Adresse, "
            "contact email, courriel, adresse e-mail, correo electrónico, posta elettronica"
        ),
        "language": _LANGUAGE,
        "timezone": _TIMEZONE,
        "best_from": _sets("best from, erreichbar ab, erreichbar von"),
        "best_to": _sets("best to, erreichbar bis"),
        "primary": _sets("primary, is primary, primary contact, Hauptansprechpartner, Hauptkontakt"),
        "do_not_call": _DO_NOT_CALL,
        "consent": _sets("consent, opt in, Einwilligung, Einverständnis, DSGVO-Einwilligung, consentement"),
    },
    "entitlements": {
        "customer": _WHOSE,
        "component": _sets(
            "component, components, Komponente, Komponenten",
            "add-on, add-ons, addon, addons, module, modules, Modul, Module, Zusatzmodul, Zusatzmodule, options, "
            "Optionen",
        ),
        "product": _sets(
            "product, products, product key, product id, product code, Produkt, Produkte, Produkt-ID, Produktnummer, "
            "produit, producto, prodotto",
            "plan, plans, package, edition, subscription, licence, license, Tarif, Paket, Lizenz, Abo, Abonnement, "
            "product name, Produktname",
        ),
        "environment": _sets("environment, Umgebung"),
        "region": _sets("region, hosting region, data center, datacenter, Rechenzentrum, Hosting-Region"),
        "ring": _sets("ring, release ring, release channel, update channel, Updatekanal"),
        "version": _sets("version, installed version, product version, Produktversion, installierte Version"),
        "valid_from": _sets(
            "valid from, gültig ab, gültig von, licence start, license start, subscription start, Lizenzbeginn",
            "contract start, contract start date, Vertragsbeginn, start date",
        ),
        "valid_to": _sets(
            "valid to, valid until, gültig bis, licence end, license end, subscription end, Lizenzende, Lizenz bis"
        ),
    },
}

FAX = _sets("fax, telefax, fax number, Faxnummer, Fax-Nr")[0]
FIRST_NAMES = _sets("first name, contact first name, given name, Vorname, prénom, nombre, nome, voornaam")[0]
LAST_NAMES = _sets(
    "last name, contact last name, surname, family name, Nachname, Familienname, Zuname, nom de famille, apellido, "
    "apellidos, cognome, achternaam"
)[0]

UNDERSTOOD = frozenset({"yes", "no", "true", "false", "1", "0", "x"})
"""Words for yes and no that every file may use."""
YES = frozenset({"ja", "oui", "sí", "si", "sì", "sim", "y", "j", "t", "wahr", "vrai", "verdadero", "vero", "on"})
NO = frozenset({"nein", "non", "não", "nee", "n", "f", "falsch", "faux", "falso", "off", "-"})

LANGUAGE_NAMES: Mapping[str, str] = {
    "german": "de", "deutsch": "de", "allemand": "de", "english": "en", "englisch": "en", "anglais": "en",
    "french": "fr", "französisch": "fr", "français": "fr", "spanish": "es", "spanisch": "es", "español": "es",
    "italian": "it", "italienisch": "it", "italiano": "it", "dutch": "nl", "niederländisch": "nl",
    "nederlands": "nl", "portuguese": "pt", "portugiesisch": "pt", "português": "pt", "polish": "pl",
    "polnisch": "pl", "polski": "pl", "czech": "cs", "tschechisch": "cs", "danish": "da", "dänisch": "da",
    "swedish": "sv", "schwedisch": "sv", "finnish": "fi", "finnisch": "fi", "hungarian": "hu", "ungarisch": "hu",
    "turkish": "tr", "türkisch": "tr", "russian": "ru", "russisch": "ru", "japanese": "ja", "japanisch": "ja",
}  # fmt: skip
