"""Polish nouns: nominative, genitive, dative, accusative, instrumental, locative; singular, then plural."""

from __future__ import annotations

from pbx.language.grammar import Noun, noun

POLISH: dict[str, Noun] = {
    "second": noun(
        "f",
        "sekunda sekundy sekundzie sekundę sekundą sekundzie",
        "sekundy sekund sekundom sekundy sekundami sekundach",
    ),
    "minute": noun("f", "minuta minuty minucie minutę minutą minucie", "minuty minut minutom minuty minutami minutach"),
    "hour": noun(
        "f",
        "godzina godziny godzinie godzinę godziną godzinie",
        "godziny godzin godzinom godziny godzinami godzinach",
    ),
    "day": noun("m", "dzień dnia dniowi dzień dniem dniu", "dni dni dniom dni dniami dniach"),
    "week": noun(
        "m",
        "tydzień tygodnia tygodniowi tydzień tygodniem tygodniu",
        "tygodnie tygodni tygodniom tygodnie tygodniami tygodniach",
    ),
    "month": noun(
        "m",
        "miesiąc miesiąca miesiącowi miesiąc miesiącem miesiącu",
        "miesiące miesięcy miesiącom miesiące miesiącami miesiącach",
    ),
    "year": noun("m", "rok roku rokowi rok rokiem roku", "lata lat latom lata latami latach"),
    "person": noun("f", "osoba osoby osobie osobę osobą osobie", "osoby osób osobom osoby osobami osobach"),
    "customer": noun(
        "m",
        "klient klienta klientowi klienta klientem kliencie",
        "klienci klientów klientom klientów klientami klientach",
        person=True,
    ),
    "agent": noun(
        "m",
        "konsultant konsultanta konsultantowi konsultanta konsultantem konsultancie",
        "konsultanci konsultantów konsultantom konsultantów konsultantami konsultantach",
        person=True,
    ),
    "call": noun(
        "n",
        "połączenie połączenia połączeniu połączenie połączeniem połączeniu",
        "połączenia połączeń połączeniom połączenia połączeniami połączeniach",
    ),
    "message": noun(
        "f",
        "wiadomość wiadomości wiadomości wiadomość wiadomością wiadomości",
        "wiadomości wiadomości wiadomościom wiadomości wiadomościami wiadomościach",
    ),
    "order": noun(
        "n",
        "zamówienie zamówienia zamówieniu zamówienie zamówieniem zamówieniu",
        "zamówienia zamówień zamówieniom zamówienia zamówieniami zamówieniach",
    ),
    "parcel": noun("f", "paczka paczki paczce paczkę paczką paczce", "paczki paczek paczkom paczki paczkami paczkach"),
    "invoice": noun(
        "f", "faktura faktury fakturze fakturę fakturą fakturze", "faktury faktur fakturom faktury fakturami fakturach"
    ),
    "product": noun(
        "m",
        "produkt produktu produktowi produkt produktem produkcie",
        "produkty produktów produktom produkty produktami produktach",
    ),
    "piece": noun("f", "sztuka sztuki sztuce sztukę sztuką sztuce", "sztuki sztuk sztukom sztuki sztukami sztukach"),
    "request": noun(
        "n",
        "zgłoszenie zgłoszenia zgłoszeniu zgłoszenie zgłoszeniem zgłoszeniu",
        "zgłoszenia zgłoszeń zgłoszeniom zgłoszenia zgłoszeniami zgłoszeniach",
    ),
    "question": noun(
        "n",
        "pytanie pytania pytaniu pytanie pytaniem pytaniu",
        "pytania pytań pytaniom pytania pytaniami pytaniach",
    ),
    "attempt": noun("f", "próba próby próbie próbę próbą próbie", "próby prób próbom próby próbami próbach"),
    "visit": noun("f", "wizyta wizyty wizycie wizytę wizytą wizycie", "wizyty wizyt wizytom wizyty wizytami wizytach"),
    "place": noun(
        "n", "miejsce miejsca miejscu miejsce miejscem miejscu", "miejsca miejsc miejscom miejsca miejscami miejscach"
    ),
    "point": noun(
        "m",
        "punkt punktu punktowi punkt punktem punkcie",
        "punkty punktów punktom punkty punktami punktach",
    ),
    "metre": noun("m", "metr metra metrowi metr metrem metrze", "metry metrów metrom metry metrami metrach"),
    "kilometre": noun(
        "m",
        "kilometr kilometra kilometrowi kilometr kilometrem kilometrze",
        "kilometry kilometrów kilometrom kilometry kilometrami kilometrach",
    ),
    "kilogram": noun(
        "m",
        "kilogram kilograma kilogramowi kilogram kilogramem kilogramie",
        "kilogramy kilogramów kilogramom kilogramy kilogramami kilogramach",
    ),
    # After a numeral the percent does not change: dwa procent, pięciu procent.
    "percent": noun("m", "procent procentu procentowi procent procentem procencie", "procent"),
}
