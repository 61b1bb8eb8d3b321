"""Reports in Polish."""

from __future__ import annotations

TITLES = {
    "teams": "Zespoły",
    "delays": "Skuteczność a czas oddzwonienia",
    "lost": "Konsultanci i utraceni dzwoniący",
    "tools": "Które narzędzie wybierają",
    "automatic": "Wiadomości automatyczne i ponowne połączenia",
    "campaigns": "Kampanie",
    "queues": "Kolejki",
    "agents": "Konsultanci",
    "trunks": "Łącza operatorów",
    "callbacks": "Oddzwonienia",
    "missed": "Klienci, których nie odebrano",
    "patience": "Jak długo czekają",
    "promises": "Zapowiedziane czasy czekania",
    "customers": "Klienci i ich próby",
    "redials": "Ponowne połączenia w ciągu dziesięciu minut",
    "sms": "Wiadomości SMS",
    "surveys": "Ankiety",
    "dealers": "Dealerzy",
    "partners": "Partnerzy przepełnienia",
}

COLUMNS = {
    "agents": "Konsultanci",
    "team": "Zespół",
    "site": "Biuro",
    "teams": "Zespoły",
    "kind": "Rodzaj",
    "ctr_low": "od",
    "ctr_high": "do",
    "tries": "Próby",
    "pickup": "Odebrano",
    "mos": "MOS",
    "delay": "Pierwsza próba po",
    "called": "Dzwoniono",
    "reached_share": "Dodzwoniono, udział",
    "reached_low": "od",
    "reached_high": "do",
    "falling_share": "Krzywa nierosnąca",
    "callers_offered": "Zaproponowani dzwoniący",
    "lost_callers": "Utraceni",
    "lost_share": "Utraceni, udział",
    "lost_low": "od",
    "lost_high": "do",
    "talks": "Rozmowy",
    "short_talks": "Krótkie rozmowy",
    "short_share": "Krótkie, udział",
    "device": "Urządzenie",
    "tool": "Narzędzie",
    "calls": "Połączenia",
    "tool_share": "Udział w urządzeniu",
    "tool_low": "od",
    "tool_high": "do",
    "spoken": "Rozmawiano",
    "week_over": "Tydzień minął",
    "no_repeat": "Bez powrotu",
    "no_repeat_share": "Bez powrotu, udział",
    "no_repeat_low": "od",
    "no_repeat_high": "do",
    "base": "Baza",
    "clickers": "Kliknęli",
    "ctr": "CTR",
    "rang": "Zadzwonili",
    "contact_rate": "Wskaźnik kontaktu",
    "contact_low": "od",
    "contact_high": "do",
    "conversion": "Konwersja",
    "conversion_low": "od",
    "conversion_high": "do",
    "partner": "Partner",
    "sent": "Przekazane",
    "short": "Poniżej 10 s",
    "unanswered": "Nieodebrane",
    "cap": "Ponad limit",
    "not_worth": "Nieopłacalne",
    "loss": "Uniknięta strata",
    "currency": "Waluta",
    "queue": "Kolejka",
    "agent": "Konsultant",
    "trunk": "Łącze",
    "interval": "Od",
    "offered": "Zgłosiło się",
    "answered": "Odebrane",
    "abandoned": "Rezygnacje",
    "short_abandoned": "Krótkie rezygnacje",
    "flowed_out": "Inne wyjścia",
    "SL1": "SL1",
    "SL2": "SL2",
    "SL3": "SL3",
    "SL4": "SL4",
    "SL5": "SL5",
    "SL6": "SL6",
    "asa_s": "ASA",
    "longest_wait_s": "Najdłużej czekał",
    "average_time_to_abandon_s": "Do rezygnacji",
    "abandonment_rate": "AR",
    "adjusted_abandonment_rate": "AR skoryg.",
    "aht_s": "AHT",
    "left_out": "Pominięte",
    "average_talk_s": "Rozmowa",
    "average_hold_s": "Zawieszenie",
    "average_wrapup_s": "ACW",
    "offers": "Propozycje",
    "rona": "RONA",
    "missed": "Nieodebrane",
    "alert_s": "Dzwonienie",
    "callbacks": "Oddzwonienia",
    "talk_s": "Rozmowy",
    "hold_s": "Zawieszenie",
    "wrapup_s": "Po rozmowie",
    "available_s": "Gotowość",
    "break_s": "Przerwa",
    "signed_in_s": "Zalogowany",
    "occupancy": "Zajętość",
    "utilisation": "Wykorzystanie",
    "codes": "Kody",
    "seizures": "Zajęcia łącza",
    "busy": "Zajęte",
    "no_answer": "Bez odpowiedzi",
    "rejected": "Odrzucone",
    "failed": "Błędy sieci",
    "asr": "ASR",
    "ner": "NER",
    "average_call_duration_s": "Średnie połączenie",
    "pdd_s": "PDD",
    "pdd_max_s": "Najdłuższe PDD",
    "cost": "Koszt",
    "asked": "Prośby",
    "reached": "Dodzwoniono się",
    "p50_s": "P50",
    "p90_s": "P90",
    "within_28_s": "≤ 28 s",
    "within_60_s": "≤ 60 s",
    "within_300_s": "≤ 300 s",
    "never_reached": "Nigdy",
    "promised": "Obietnice",
    "promise_kept": "Obietnice dotrzymane",
    "attempts": "Próby",
    "tries_answered": "Próby odebrane",
    "silent": "Głuche",
    "came_back": "Zadzwonili sami",
    "refused": "Odmowy",
    "open": "Otwarte",
    "contacts": "Kontakty",
    "not_customers": "Nie klienci",
    "customers": "Klienci",
    "lost": "Straceni",
    "recovery_rate": "Odzyskani",
    "waited": "Czekało",
    "mean_s": "Średnia",
    "median_s": "Mediana",
    "there_after_15_s": "Po 15 s",
    "there_after_30_s": "Po 30 s",
    "there_after_60_s": "Po 60 s",
    "there_after_120_s": "Po 120 s",
    "there_after_300_s": "Po 300 s",
    "there_after_600_s": "Po 600 s",
    "hazard_first_5_s": "Hazard 0–5 s",
    "hazard_peak": "Najwyższy hazard",
    "hazard_peak_at_s": "o czasie",
    "at_most_s": "Najwyżej",
    "said": "Zapowiedzi",
    "kept": "Dotrzymane",
    "broken": "Niedotrzymane",
    "true": "Prawda",
    "true_low": "od",
    "true_high": "do",
    "corrected": "Skoryg.",
    "aimed_at": "Cel",
    "callers": "Dzwoniący",
    "first_attempt_rate": "Za pierwszym razem",
    "answered_calls": "Odebrane połączenia",
    "repeated": "Zadzwonili znów",
    "solved_proxy": "Załatwione (przybliżenie)",
    "pending": "W toku",
    "recovered": "Odzyskani",
    "residual": "Pozostali",
    "got_through": "Dodzwoniło się",
    "share": "Udział",
    "gave_up": "Zrezygnowali",
    "source": "Źródło",
    "template": "Szablon",
    "messages": "Wiadomości",
    "parts": "Części",
    "delivered": "Doręczone",
    "expired": "Wygasłe",
    "delivered_share": "Doręczone, udział",
    "delivery_s": "Średnio",
    "survey": "Ankieta",
    "question": "Pytanie",
    "answer": "Odpowiedź",
    "count": "Odpowiedzi",
    "dealer": "Dealer",
    "given": "Przekazane",
    "remembered": "Miał go wcześniej",
}

NOTES = {
    "teams": (
        "Według tego, kto wtedy należał do zespołu; "
        "konsultant dwóch zespołów liczy się w obu, a razem raz. Bez zespołu: -. "
        "Zajętość, wykorzystanie, RONA, AHT: jak u konsultantów. Utraceni: dzwoniący zrezygnował po nieprzyjętej "
        "propozycji / propozycje, z przedziałem 95 % (Wilson)."
    ),
    "delays": (
        "Udział: wśród klientów, do których pierwszy raz zadzwoniono po takim czasie, ci, z którymi ta próba "
        "połączyła; przedział 95 % (Wilson). Krzywa nierosnąca: regresja izotoniczna ważona liczbą klientów. Bez "
        "tych, którzy sami zadzwonili wcześniej."
    ),
    "lost": (
        "Utraceni: konsultant nie przyjął propozycji, a dzwoniący potem zrezygnował w tej kolejce / "
        "propozycje; przedział 95 % (Wilson). Krótkie rozmowy: odebrane i skończone w ciągu 10 s."
    ),
    "tools": (
        "Narzędzie: widget to oddzwonienie zamówione na stronie, call to każde wybrane połączenie. Udział: w "
        "połączeniach z tego urządzenia i źródła; przedział 95 % (Wilson). Tylko połączenia, o których to "
        "wiadomo."
    ),
    "automatic": (
        "Źródło: flow:NAZWA:BLOK lub queue:NAZWA. Bez powrotu: wiadomości przyjęte przez bramkę, których 7 dni "
        "minęło i w tym czasie numer nie zadzwonił ponownie; przedział 95 % (Wilson). Nie dowodzi to, że "
        "przyczyną była wiadomość."
    ),
    "campaigns": (
        "Baza: numery, do których napisano (sms), albo do których centrala zadzwoniła sama, według powodu (callback). "
        "CTR = unikalni klikający / doręczone. Odebrano = odebrane próby / próby. Wskaźnik kontaktu = numery, z "
        "którymi rozmawiano w dowolną stronę w ciągu 7 dni / baza. Konwersja = numery, które kliknęły, zadzwoniły "
        "lub odebrały w ciągu 7 dni / baza. Przedziały 95 % (Wilson). List numerów do masowego dzwonienia jeszcze "
        "nie ma."
    ),
    "queues": "SL1 = (ANS≤T + AB≤T) / (ANS + AB): wczesne rezygnacje liczą się jak obsłużone.\n"
    "SL2 = ANS≤T / ANS: tylko odebrane.\nSL3 = ANS≤T / (ANS + AB): ściśle.\n"
    "SL4 = ANS≤T / (ANS + AB − AB≤T): bez wczesnych rezygnacji.\n"
    "SL5 = (ANS≤T + AB≤S) / (ANS + AB): krótkie rezygnacje liczą się jak obsłużone.\n"
    "SL6 = ANS≤T / (ANS + AB − AB≤S): bez krótkich rezygnacji.\n"
    "Rozmowa, zawieszenie i ACW (praca po rozmowie) to średnie z odebranych połączeń, AHT to ich suma. "
    "Pominięte w nich i policzone są rozmowy (z zawieszeniem) i prace po rozmowie dłuższe niż 4 godziny, których ktoś "
    "zapomniał zakończyć.\nRONA = propozycje nieprzyjęte / propozycje.",
    "agents": "Zajętość = (rozmowa + zawieszenie + praca po rozmowie) / (to samo + gotowość); bez przerw, dzwonienia i "
    "własnych połączeń.\nWykorzystanie = (rozmowa + zawieszenie + praca po rozmowie) / czas zalogowania. "
    "RONA = propozycje nieprzyjęte / propozycje. AHT = (rozmowa + zawieszenie + praca po rozmowie) / połączenia, bez "
    "rozmów dłuższych niż 4 godziny, których nikt nie zakończył.",
    "trunks": "ASR = odebrane / zajęcia (ITU-T E.411). NER = (odebrane + zajęte + bez odpowiedzi + odrzucone) / "
    "zajęcia.\nŚrednie połączenie: sekundy taryfikowane / odebrane (ACD operatorów). PDD: od INVITE do pierwszego 180, "
    "183 lub 200.\nKoszt: w walucie cennika łącza.",
    "callbacks": "Czas do rozmowy (STL): od prośby albo wybranej godziny do chwili, gdy klient i konsultant się "
    "słyszą.\nProśby: bez połączonych, wycofanych i tych, których klient zadzwonił sam. Nigdy = prośby bez rozmowy / "
    "prośby. Głuche = odebrane, a nikt nie przyszedł / odebrane. Obietnice mają własny poziom obsługi.",
    "missed": "Klienci: numery, każdy raz na dzień. Odzyskani = klienci, których wszystkie kontakty dnia skończyły "
    "się rozmową, w dowolną stronę / klienci. "
    "Połączenia testowe i krótkie rezygnacje to nie klienci; numerów zastrzeżonych nie można obsłużyć.",
    "patience": "Średnia = całe czekanie / rezygnacje (rozkład wykładniczy). „Po …” i mediana: Kaplan–Meier, każdy "
    "inny koniec czekania cenzuruje.\nHazard: jaka część czekających zrezygnuje w następnych 5 s.",
    "promises": "Dotrzymane: obsłużono w zapowiedzianym czasie. Niedotrzymane: czekał dłużej. Otwarte: wyszedł "
    "wcześniej.\nPrawda = dotrzymane / (dotrzymane + niedotrzymane), z przedziałem 95 % (Wilson). Skoryg.: ci, którzy "
    "wyszli, liczą się tak długo, jak czekali (Kaplan–Meier).",
    "customers": "Dzwoniący: numery, każdy raz na dzień. Za pierwszym razem = dzwoniący, których pierwsze połączenie "
    "dnia do kolejki odebrano / dzwoniący.\n"
    "Załatwione (przybliżenie) = odebrane połączenia, po których ten sam numer nie zadzwonił do tej kolejki w ciągu "
    "7 dni / odebrane, których 7 dni minęło; sprawy nie porównuje się. W toku: 7 dni jeszcze trwa.\n"
    "Nieodebrane = numery z połączeniem, którego nikt z kolejki nie odebrał, każdy raz na dzień; odzyskani = "
    "rozmawiano z nimi w ciągu następnych 7 dni, w dowolną stronę. Bez połączeń bez numeru.",
    "redials": "Połączenia klienta, które zaczynają się w ciągu dziesięciu minut od końca poprzedniego, to próby "
    "jednej sprawy, aż ktoś z nim porozmawia. Udział: we wszystkich klientach; mediana: od pierwszej próby do "
    "rozmowy.\nBez połączeń testowych i bez numeru.",
    "sms": "Doręczone, udział = doręczone / (doręczone + błędy + wygasłe); wiadomości w drodze i nieprzyjęte nie liczą "
    "się. Koszt: tego, co bramki przyjęły, w ich walutach.",
    "surveys": "Udział: w tych, którzy odpowiedzieli na pytanie.",
    "partners": "Uniknięta strata: szansa, że dzwoniący zrezygnuje, razy wartość połączenia, liczona w chwili "
    "przekazania. Godziny zamknięcia liczą się do limitów.",
    "dealers": "Rozmowy: połączeń, których ostatnim dealerem był ten.",
}
