"""Polish."""

from __future__ import annotations

COLUMNS = {
    "queue": "Kolejka",
    "day": "Dzień",
    "from": "Od",
    "to": "Do",
    "calls": "Połą-\nczenia",
    "calls_low": "od",
    "calls_high": "do",
    "handling_s": "AHT",
    "callback_load": "Od-\ndzwa-\nniane",
    "load": "Ruch\nerlang",
    "agents": "Konsul-\ntanci",
    "agents_erlang_c": "Er-\nlang C",
    "agents_erlang_a": "Er-\nlang A",
    "rostered": "Grafik",
    "served_within": "W celu",
    "served_low": "od",
    "served_high": "do",
    "abandoned": "Rezy-\ngnuje",
    "asa_s": "ASA",
    "occupancy": "Zaję-\ntość",
    "lost_per_h": "Straceni\nna godz.",
    "cost_per_h": "Koszt\ngodziny",
    "meets": "Cel",
    "hours": "Godziny",
    "lost": "Straceni\nw mies.",
    "lost_low": "od",
    "lost_high": "do",
    "cost": "Koszt\nmiesiąca",
    "cost_low": "od",
    "cost_high": "do",
    "gain": "Wobec\nobecnie",
    "gain_low": "od",
    "gain_high": "do",
    "hour": "Godzina",
    "guaranteed_s": "Gwaran-\ntowane",
    "basis": "Według",
    "count": "Z ilu",
    "low_s": "od",
    "high_s": "do",
    "requests": "Prośby",
    "never": "Nigdy\nnie dzw.",
    "promised": "Obie-\ncane",
    "kept": "Dotrzy-\nmane",
    "kept_low": "od",
    "kept_high": "do",
    "callers": "Dzwo-\nniący",
    "callers_s": "Czekają\nna linii",
    "model": "Model",
    "days": "Dni",
    "wape_slot": "WAPE\nkwadrans",
    "wape_hour": "WAPE\ngodzina",
    "wape_day": "WAPE\ndzień",
    "bias": "Odchy-\nlenie",
    "covered": "W zakre-\nsie",
    "covered_low": "od",
    "covered_high": "do",
    "need": "Potrzeba",
    "planned": "Plan",
    "missing": "Brakuje",
    "person": "",
}
TEXTS = {
    "erlang_a": "Erlang A: obsługa {handling:.0f} s, cierpliwość {patience:.0f} s",
    "erlang_c": "Erlang C: obsługa {handling:.0f} s, nikt nie rezygnuje",
    "met": "osiągnięty",
    "missed": "nieosiągnięty",
    "now": "teraz",
    "span": "{first} – {last}",
    "need": "Zapotrzebowanie: {when}, {share:.0%} w ciągu {within:g} s{give_up}",
    "need_give_up": ", rezygnuje najwyżej {share:.0%}",
    "nobody": "{name}nikt nie zadzwoni: w takie dni nikt nie dzwonił (zbadane dni: {days}).",
    "expected": "{name}oczekiwane połączenia: {total:.0f} ({low:.0f} do {high:.0f} w dziewięć na dziesięć takich "
    "dni); zbadane dni: {days} ({kind}).{grows}",
    "kind": "tego rodzaju",
    "kind_pooled": "inne dni robocze, bo swoich jest za mało",
    "grow": " Połączeń przybywa o {share:.1%} na tydzień.",
    "fall": " Połączeń ubywa o {share:.1%} na tydzień.",
    "together": "Oczekiwane połączenia we wszystkich dniach razem ({days}): {total:.0f}.",
    "rostered": "{formula}; grafik z nieobecnościami {shrinkage:.0%}.",
    "left_out": "Pominięto: {day} ({why}).",
    "left_out_many": "Pominięte dni: {count}; najnowsze:",
    "asked": "na życzenie",
    "shut": "połączeń {calls:.0f}, zwykle {usual:.0f}: zamknięte albo awaria",
    "flood": "połączeń {calls:.0f}, zwykle {usual:.0f}: zalew",
    "gaps": "Godziny bez połączeń wypełniono tym, co zwykłe: {days}.",
    "day_before": "dzień wcześniej",
    "days_before": "{days} dni wcześniej",
    "tried": "Prognozy ostatnich dni z połączeniami (dni: {days}), robione {before}, myliły się o {wrong:.0%} "
    "połączeń kwadransa.",
    "untried": "Żadnego minionego dnia nie dało się prognozować {before}: nic nie mierzy, jak ta prognoza może się "
    "mylić.",
    "beyond": "{last} jest {ahead} dni po ostatnim znanym dniu ({newest}): prognozy sprawdza się najwyżej {most} dni "
    "naprzód,\nwięc tej nic nie mierzy, a jej zakres nie obejmuje tego, co do tego czasu zmienią sezony i wzrost.",
    "unread": "Bez kalendarza {names}: centrala nie ma jeszcze jego kopii, więc dni, które zamyka, liczą się jak "
    "inne. Uruchom z nim centralę albo podaj plik jako źródło.",
    "hour": "{calls:g} połączeń na godzinę, {share:.0%} w ciągu {within:g} s",
    "hour_notes": "{formula}. Koszt = konsultanci x {agent_hour:g} + rezygnujący x {lost_call:g}.",
    "month": "{queue}: miesiąc, w którym połączeń jest {calls:,.0f}, {share:.0%} w ciągu {within:g} s",
    "month_notes": "Konsultanci: co {minutes} minut następnych {days} dni tylu, ilu wymaga cel, i o tylu więcej lub "
    "mniej (jeden zostaje).\n{formula}; czas obsługi według godzin.\nKoszt = godziny konsultantów / (1 - nieobecności "
    "{shrinkage:.0%}) x {agent_hour:g} + rezygnujący x {lost_call:g}.\nOd i do: dziewięć na dziesięć takich miesięcy; "
    "wynika z tego, jak różniły się dni, obsługa i cierpliwość.",
    "promise": "Gwarantowany czas oddzwonienia, {share:.0%} dotrzymanych obietnic, {period}",
    "promise_notes": "Gwarantowane: w tym czasie telefon dzwoni u {share:.0%} osób, które proszą o tej godzinie; "
    "zaokrąglone tak, jak pokazuje widżet.\nWidżet podaje dłuższy z dwóch czasów: tego i chwilowego czasu kolejki, i "
    "nic powyżej max_seconds.\nPotrzeba tylu próśb: {fewest} – z tej godziny, z niej i sąsiednich albo najnowszych ze "
    "wszystkich; przedtem\nzastępuje je czekanie dzwoniących o tej godzinie ({callers}). Od i do: przedział 95 % "
    "kwantyla.\nDotrzymane: z obiecanych i zakończonych, z przedziałem 95 % (Wilson). Nigdy nie dzwoniono to bez "
    "końca; kto wybrał\ngodzinę albo prosił po zamknięciu, nie liczy się. Czekają na linii: kwantyl ich czekania "
    "(Kaplan-Meier).",
    "by_hour": "ta godzina",
    "by_around": "3 godziny",
    "by_day": "wszystkie",
    "by_callers": "dzwoniący",
    "by_": "za mało",
    "never_rung": "{basis}, zbyt często nie dzwoniono",
    "accuracy": "Prognozy kolejki {queue} sprawdzone na minionych dniach",
    "accuracy_notes": "Każdy dzień jest prognozowany z dni przed nim, z wyprzedzeniem: {ahead}; dni pominięte z "
    "reguły nie są próbą.\nWAPE = suma |oczekiwane - było| / połączenia. Odchylenie = (oczekiwane - było) / było. W "
    "zakresie: udział dni, których połączenia\nmieściły się w zakresie dla dziewięciu na dziesięć, z przedziałem 95 % "
    "(Wilson). {odd}",
    "accuracy_odd": "Dni pominięte jako niezwykłe: {days}.",
    "a_day": "dzień",
    "days": "{days} dni",
    "last week": "zeszły tydzień",
    "seasonal": "sezonowy",
    "ets": "ets",
    "roster": "Grafik {first} – {last}",
    "away": "nieob.",
    "coverage": "Potrzeba i plan {first} – {last}",
    "coverage_notes": "Oczekiwane połączenia: {calls:.0f}; {served:.1%} obsłużonych w ciągu {within:g} s, {lost:.1%} "
    "rezygnuje (Erlang A z najmniejszą liczbą osób w godzinie).",
    "needed": "Potrzeba godzin pracy: {wanted:g}; brakuje {missing:g}, ponad potrzebę jest {over:g}.",
    "skill_short": "Umiejętność {name}: brakuje godzin: {hours:g}.",
    "office_short": "Biuro {name}: godzin, w których jest mniej osób niż {least}: {hours:g}.",
    "proven": "Lepszego planu nie ma (znaleziono w {seconds:.1f} s).",
    "stopped": "Przerwano po {seconds:.0f} s: może istnieć lepszy plan, najwyżej o {gap:.0%} (więcej: --seconds).",
    "contracts": "Poniżej umowy: {names}.",
    "wishes": "Niespełnione życzenia: {names}; spełni je więcej osób, które mogą wtedy pracować, albo wyższe "
    "[weights] wish (teraz {weight}).",
    "more": "{names} i jeszcze {count}",
    "ask_skill": "Umiejętność {name}: naraz potrzeba {least}, a mających ją jest {able}: dopisz ją komuś do skills "
    "albo zmniejsz wymaganie.",
    "ask_skill_nobody": "Umiejętność {name}: naraz potrzeba {least}, a nikt jej nie ma: dopisz ją komuś do skills "
    "albo zmniejsz wymaganie.",
    "ask_office": "Biuro {name}: potrzeba {least}, a należy do niego {there}: wpisz komuś office = {name!r} albo "
    "zmniejsz wymaganie.",
    "ask_shorter": "{person}: najkrótsza możliwa zmiana ma {shortest:g} h, umowa {contract!r} {hours:g} h na tydzień, "
    "więc żadnej nie dostaje: dodaj krótszą zmianę albo podnieś hours.",
    "ask_days": "{person}: {days} dni w tygodniu po najwyżej {longest:g} h nie wypełni {least:g} h umowy "
    "{contract!r}: podnieś days_a_week albo wpisz least_hours = {most}.",
    "ask_turn": "{person}: zespół {team!r} ma zmianę {turn!r}, na której ta osoba nie może pracować, więc w tym "
    "tygodniu nie ma żadnej: dodaj {turn!r} do jej shapes albo przenieś ją do innego zespołu.",
    "ask_wish": "Życzenie na {day} ({wish}), {person}: nie da się spełnić: {why}.",
    "why_away": "to dzień nieobecności: usuń go z away albo usuń życzenie",
    "why_shapes": "nie ma tego w shapes tej osoby: dodaj tam {wish!r}",
    "why_days": "{wish!r} nie działa w ten dzień tygodnia ({weekday}): dodaj go do days",
    "why_turn": "zmiana zespołu w tym tygodniu to {turn!r}: wyjmij tę osobę na ten tydzień z zespołu {team!r}",
    "why_closed": "w tym dniu nikt nie jest potrzebny",
}
