"""What the pages of the twin say, in Polish, Russian and English."""

from __future__ import annotations

from pbx.config import Language

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "when": "When they call",
        "when_about": "Calls of an average hour by weekday; the darkest field has {most}.",
        "agents -": "the roster less {n} in each hour",
        "agents +": "the roster plus {n} in each hour",
        "as_given": "the roster as given",
        "method": "How it was lived through",
        "replay": "A past day once more: {queue}, {day}",
        "simulated": "A hotline before it exists: {days} simulated days",
        "lead_replay": (
            "{calls} calls of that day, {times} replays of each line. What is known of a caller is kept: "
            "when he came, what he pressed, how long he was talked with, when he gave up."
        ),
        "lead_simulated": (
            "Callers as in the files ({first} to {last}, {calls} calls in), {days} days of each roster."
        ),
        "gives_up": "give up waiting",
        "in_time": "served within {seconds} s",
        "hours": "Not served, by hour of the day",
        "hours_about": (
            "Of those who came to a queue in that hour, the share that nobody served or called back; band: "
            "nine of ten replays. Hours with fewer than {least} callers are left out."
        ),
        "hour": "hour",
        "compare": "Side by side",
        "compare_about": "Points are means, bars hold nine of ten {what}; dashed: what was, or is aimed at.",
        "replays": "replays",
        "of_days": "days",
        "table": "All figures",
        "assumed": "What was assumed",
        "assumed_none": "Nothing: every caller was asked what he had been asked on that day.",
        "assumed_row": "{block} ({kind}): {callers} callers, by {by}",
        "unknown": "What cannot be known",
        "unknown_none": "Every call could be led to its end.",
        "limits": (
            "Agents serve as they are configured, with skills, priorities and the ring times of that day, and "
            "do their other work of that day. Who was answered would have waited longer than he did; "
            "how much longer is drawn (mean {patience} s). How near the replayed line comes to what was says "
            "how far the others can be believed."
        ),
        "limits_simulated": (
            "One line, first come first served; talk {talk} s, wrap-up {wrapup} s, patience {patience} s on "
            "average. Bad days: the worst one of twenty."
        ),
        "as it was": "as it was",
        "replayed": "replayed",
        "as given": "as given",
        "flow": "the flow",
        "less": "{n} less",
        "more": "{n} more",
        "other": "{n:+d}",
        "by_day": "callers of that day",
        "by_choose": "--choose",
        "by_assumption": "assumption",
        "share": "share",
        "verdict": "Trailer or lorry",
        "trailer": (
            "A trailer is enough: {name} ({hours} agent hours a week) keeps the target on nineteen days of twenty."
        ),
        "lorry": (
            "A lorry is needed: even {name} ({hours} agent hours a week) misses the target on bad days "
            "({share} served in time, {aim} wanted)."
        ),
        "fits": "What was given fits: with fewer people the target is missed on bad days.",
        "larger": ("What was given is too large: {name} keeps the target as well, {saved} agent hours a week less."),
        "smaller": "What was given is too small: {name} keeps the target, {missing} agent hours a week more.",
        "needs": (
            "It takes {people} people at once in the busiest hours, {hours} agent hours a week and {lines} lines; "
            "{share} of the callers are served in time ({low} to {high} on nine days of ten)."
        ),
        "costs": "A day costs {cost} ({low} to {high} on nine days of ten), lost callers included.",
        "breaks_none": "Nothing breaks: fewer than one caller in 200 is lost.",
        "breaks_abandoned": (
            "What breaks first is people: {share} of all callers give up waiting, most of them from {hour}:00."
        ),
        "breaks_blocked": (
            "What breaks first is lines: {share} of all callers find none free, most of them from {hour}:00."
        ),
        "breaks_closed": (
            "What breaks first is the opening hours: {share} of all callers ring when nobody is at work, most of them "
            "from {hour}:00."
        ),
        "given_breaks": "With the roster as given: {what}",
        "off_peak": "{share} of the calls come in three hours of the day.",
    },
    "pl": {
        "when": "Kiedy dzwonią",
        "when_about": "Połączenia w przeciętnej godzinie według dnia tygodnia; najciemniejsze pole to {most}.",
        "agents -": "obsada mniejsza o {n} w każdej godzinie",
        "agents +": "obsada większa o {n} w każdej godzinie",
        "as_given": "podana obsada",
        "method": "Jak to odtworzono",
        "replay": "Miniony dzień jeszcze raz: {queue}, {day}",
        "simulated": "Infolinia, zanim powstanie: {days} symulowanych dni",
        "lead_replay": (
            "{calls} połączeń z tego dnia, {times} powtórzeń każdego wariantu. To, co wiadomo o dzwoniącym, "
            "zostaje: kiedy przyszedł, co wybrał, jak długo z nim rozmawiano, kiedy zrezygnował."
        ),
        "lead_simulated": (
            "Dzwoniący jak w plikach ({first} – {last}, {calls} połączeń przychodzących), {days} dni każdej obsady."
        ),
        "gives_up": "rezygnuje z czekania",
        "in_time": "obsłużeni w {seconds} s",
        "hours": "Nieobsłużeni według godziny dnia",
        "hours_about": (
            "Z osób, które w tej godzinie trafiły do kolejki, udział tych, których nikt nie obsłużył i do "
            "których nikt nie oddzwonił; pas: dziewięć na dziesięć powtórzeń. Pominięto godziny, w których "
            "dzwoniło mniej niż {least} osób."
        ),
        "hour": "godzina",
        "compare": "Obok siebie",
        "compare_about": (
            "Punkty to średnie, odcinki obejmują dziewięć na dziesięć {what}; linia przerywana: jak było albo cel."
        ),
        "replays": "powtórzeń",
        "of_days": "dni",
        "table": "Wszystkie liczby",
        "assumed": "Co założono",
        "assumed_none": "Nic: każdego dzwoniącego zapytano o to, o co pytano go tego dnia.",
        "assumed_row": "{block} ({kind}): {callers} dzwoniących, według: {by}",
        "unknown": "Czego nie można wiedzieć",
        "unknown_none": "Każde połączenie dało się doprowadzić do końca.",
        "limits": (
            "Konsultanci obsługują tak, jak są skonfigurowani: z umiejętnościami, priorytetami i czasem dzwonienia "
            "z tego dnia, i wykonują swoją inną pracę z tego dnia. Kto został odebrany, "
            "czekałby dłużej, niż czekał; o ile dłużej, losowano (średnio {patience} s). Jak blisko "
            "„odtworzone” jest tego, jak było, mówi, na ile można wierzyć pozostałym."
        ),
        "limits_simulated": (
            "Jedna kolejka, kto pierwszy, ten pierwszy; średnio rozmowa {talk} s, praca po rozmowie {wrapup} "
            "s, cierpliwość {patience} s. Złe dni: najgorszy z dwudziestu."
        ),
        "as it was": "jak było",
        "replayed": "odtworzone",
        "as given": "jak podano",
        "flow": "scenariusz",
        "less": "{n} mniej",
        "more": "{n} więcej",
        "other": "{n:+d}",
        "by_day": "dzwoniący tego dnia",
        "by_choose": "--choose",
        "by_assumption": "założenie",
        "share": "udział",
        "verdict": "Przyczepka czy ciężarówka",
        "trailer": (
            "Wystarczy przyczepka: {name} ({hours} godzin pracy w tygodniu) spełnia cel w dziewiętnaście dni "
            "na dwadzieścia."
        ),
        "lorry": (
            "Trzeba ciężarówki: nawet {name} ({hours} godzin pracy w tygodniu) nie spełnia celu w złe dni (w "
            "porę {share}, cel {aim})."
        ),
        "fits": "Podana obsada jest w sam raz: przy mniejszej cel nie jest spełniony w złe dni.",
        "larger": ("Podana obsada jest za duża: {name} też spełnia cel, a to o {saved} godzin pracy w tygodniu mniej."),
        "smaller": ("Podana obsada jest za mała: cel spełnia {name}, a to o {missing} godzin pracy w tygodniu więcej."),
        "needs": (
            "Potrzeba: {people} osób naraz w godzinach szczytu, {hours} godzin pracy w tygodniu, {lines} linii; w porę "
            "obsłużonych jest {share} dzwoniących (od {low} do {high} w dziewięć dni na dziesięć)."
        ),
        "costs": "Dzień kosztuje {cost} (od {low} do {high} w dziewięć dni na dziesięć), razem ze straconymi.",
        "breaks_none": "Nic nie zawodzi: traci się mniej niż jednego dzwoniącego na 200.",
        "breaks_abandoned": (
            "Najpierw brakuje ludzi: {share} wszystkich dzwoniących rezygnuje z czekania, najwięcej od {hour}:00."
        ),
        "breaks_blocked": (
            "Najpierw brakuje linii: {share} wszystkich dzwoniących nie zastaje wolnej, najwięcej od {hour}:00."
        ),
        "breaks_closed": (
            "Najpierw zawodzą godziny otwarcia: {share} wszystkich dzwoni, gdy nikogo nie ma w pracy, najwięcej od "
            "{hour}:00."
        ),
        "given_breaks": "Przy podanej obsadzie: {what}",
        "off_peak": "{share} połączeń przypada na trzy godziny dnia.",
    },
    "ru": {
        "when": "Когда звонят",
        "when_about": "Звонки в среднем часу по дням недели; самое тёмное поле — {most}.",
        "agents -": "график, где в каждом часе меньше на {n}",
        "agents +": "график, где в каждом часе больше на {n}",
        "as_given": "заданный график",
        "method": "Как это моделировалось",
        "replay": "Прошедший день ещё раз: {queue}, {day}",
        "simulated": "Горячая линия до её создания: смоделировано дней — {days}",
        "lead_replay": (
            "Звонков в тот день: {calls}; повторов каждого варианта: {times}. Что известно о звонившем, "
            "сохраняется: когда он позвонил, что нажал, как долго с ним говорили, когда он сдался."
        ),
        "lead_simulated": (
            "Звонящие как в файлах ({first} – {last}, входящих: {calls}), дней для каждого графика: {days}."
        ),
        "gives_up": "не дождались",
        "in_time": "обслужены за {seconds} с",
        "hours": "Не обслужены по часам дня",
        "hours_about": (
            "Доля тех из попавших в очередь в этот час, кого никто не обслужил и кому не перезвонили; "
            "полоса: девять из десяти повторов. Часы, когда звонило меньше {least} человек, пропущены."
        ),
        "hour": "час",
        "compare": "Рядом",
        "compare_about": ("Точки — средние, отрезки охватывают девять из десяти {what}; пунктир: как было или цель."),
        "replays": "повторов",
        "of_days": "дней",
        "table": "Все показатели",
        "assumed": "Что предположено",
        "assumed_none": "Ничего: каждого звонившего спросили о том, о чём спрашивали в тот день.",
        "assumed_row": "{block} ({kind}): звонивших {callers}, по: {by}",
        "unknown": "Чего нельзя знать",
        "unknown_none": "Каждый звонок удалось довести до конца.",
        "limits": (
            "Операторы работают так, как настроены: с навыками, приоритетами и временем вызова того дня, и "
            "выполняют прочую работу того дня. Тот, кому ответили, ждал бы дольше, "
            "чем ждал; насколько дольше, выбирается случайно (в среднем {patience} с). Насколько «повторено» "
            "близко к тому, как было, настолько можно верить остальному."
        ),
        "limits_simulated": (
            "Одна очередь, кто раньше пришёл, того раньше и обслужат; в среднем разговор {talk} с, работа "
            "после разговора {wrapup} с, терпение {patience} с. Плохие дни: худший из двадцати."
        ),
        "as it was": "как было",
        "replayed": "повторено",
        "as given": "как задано",
        "flow": "сценарий",
        "less": "меньше на {n}",
        "more": "больше на {n}",
        "other": "{n:+d}",
        "by_day": "звонившие в тот день",
        "by_choose": "--choose",
        "by_assumption": "предположение",
        "share": "доля",
        "verdict": "Прицеп или грузовик",
        "trailer": (
            "Достаточно прицепа: {name} (рабочих часов в неделю: {hours}) выполняет цель в девятнадцать дней "
            "из двадцати."
        ),
        "lorry": (
            "Нужен грузовик: даже {name} (рабочих часов в неделю: {hours}) не выполняет цель в плохие дни "
            "(вовремя {share}, цель {aim})."
        ),
        "fits": "Заданный график в самый раз: с меньшим числом людей цель в плохие дни не выполняется.",
        "larger": (
            "Заданный график слишком велик: {name} тоже выполняет цель, и это на {saved} рабочих часов в неделю меньше."
        ),
        "smaller": (
            "Заданный график слишком мал: цель выполняет {name}, и это на {missing} рабочих часов в неделю больше."
        ),
        "needs": (
            "Нужно: {people} чел. одновременно в часы пик, рабочих часов в неделю: {hours}, линий: {lines}; вовремя "
            "обслужено {share} звонящих (от {low} до {high} в девять дней из десяти)."
        ),
        "costs": "День стоит {cost} (от {low} до {high} в девять дней из десяти) вместе с потерянными.",
        "breaks_none": "Ничего не ломается: теряется меньше одного звонящего из 200.",
        "breaks_abandoned": (
            "Сначала не хватает людей: {share} всех звонящих не дожидаются ответа, больше всего с {hour}:00."
        ),
        "breaks_blocked": (
            "Сначала не хватает линий: {share} всех звонящих не находят свободной, больше всего с {hour}:00."
        ),
        "breaks_closed": (
            "Сначала подводят часы работы: {share} всех звонят, когда никого нет на месте, больше всего с {hour}:00."
        ),
        "given_breaks": "При заданном графике: {what}",
        "off_peak": "{share} звонков приходится на три часа дня.",
    },
}

COLUMNS: dict[Language, dict[str, str]] = {
    "pl": {
        "scenario": "Wariant",
        "roster": "Obsada",
        "agent_hours": "Godziny pracy",
        "joined": "Trafili do kolejki",
        "in_flow": "Skończyli w scenariuszu",
        "answered": "Odebrane",
        "within": "W porę",
        "abandoned": "Rezygnują",
        "callbacks": "Oddzwonienia",
        "called_back": "Dodzwoniono się tego dnia",
        "elsewhere": "Obsłużeni gdzie indziej",
        "asa_s": "ASA",
        "longest_s": "Najdłużej",
        "occupancy": "Zajętość",
        "lost": "Straceni",
        "cost": "Koszt",
        "calls": "Połączenia dziennie",
        "blocked": "Brak linii",
        "closed": "Zamknięte",
        "lines": "Linie w złe dni",
        "within_bad": "W złe dni",
        "abandoned_bad": "W złe dni",
        "within_low": "od",
        "abandoned_low": "od",
        "cost_low": "od",
        "within_high": "do",
        "abandoned_high": "do",
        "cost_high": "do",
    },
    "ru": {
        "scenario": "Вариант",
        "roster": "График",
        "agent_hours": "Рабочие часы",
        "joined": "Попали в очередь",
        "in_flow": "Закончили в сценарии",
        "answered": "Отвечено",
        "within": "Вовремя",
        "abandoned": "Не дождались",
        "callbacks": "Обратные звонки",
        "called_back": "Дозвонились в тот день",
        "elsewhere": "Обслужены не здесь",
        "asa_s": "ASA",
        "longest_s": "Дольше всего",
        "occupancy": "Занятость",
        "lost": "Потеряны",
        "cost": "Стоимость",
        "calls": "Звонков в день",
        "blocked": "Нет линии",
        "closed": "Закрыто",
        "lines": "Линии в плохие дни",
        "within_bad": "В плохие дни",
        "abandoned_bad": "В плохие дни",
        "within_low": "от",
        "abandoned_low": "от",
        "cost_low": "от",
        "within_high": "до",
        "abandoned_high": "до",
        "cost_high": "до",
    },
}
