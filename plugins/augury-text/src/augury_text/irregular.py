"""Principal parts of English irregular verbs and the irregular plurals in common use."""

from __future__ import annotations

from types import MappingProxyType

_VERBS = """
be was been|do did done|have had had
arise arose arisen|awake awoke awoken|bear bore borne|beat beat beaten|become became become|befall befell befallen
begin began begun|behold beheld beheld|bend bent bent|bet bet bet|bid bid bid|bind bound bound|bite bit bitten
bleed bled bled|blow blew blown|break broke broken|breed bred bred|bring brought brought|broadcast broadcast broadcast
build built built|burst burst burst|buy bought bought|cast cast cast|catch caught caught|choose chose chosen
cling clung clung|come came come|cost cost cost|creep crept crept|cut cut cut|deal dealt dealt|dig dug dug
draw drew drawn|drink drank drunk|drive drove driven|dwell dwelt dwelt|eat ate eaten|fall fell fallen|feed fed fed
feel felt felt|fight fought fought|find found found|flee fled fled|fling flung flung|fly flew flown
forbid forbade forbidden|forecast forecast forecast|foresee foresaw foreseen|forget forgot forgotten
forgive forgave forgiven|forsake forsook forsaken|freeze froze frozen|get got got|give gave given|go went gone
grind ground ground|grow grew grown|hang hung hung|hear heard heard|hide hid hidden|hit hit hit|hold held held
hurt hurt hurt|keep kept kept|kneel knelt knelt|know knew known|lay laid laid|lead led led|leave left left
lend lent lent|let let let|lie lay lain|light lit lit|lose lost lost|make made made|mean meant meant|meet met met
mislead misled misled|mistake mistook mistaken|misunderstand misunderstood misunderstood|mow mowed mown
offset offset offset|outdo outdid outdone|overcome overcame overcome|overdo overdid overdone
override overrode overridden|oversee oversaw overseen|overtake overtook overtaken|overthrow overthrew overthrown
partake partook partaken|pay paid paid|put put put|quit quit quit|read read read|rebuild rebuilt rebuilt|rid rid rid
ride rode ridden|ring rang rung|rise rose risen|run ran run|saw sawed sawn|say said said|see saw seen
seek sought sought|sell sold sold|send sent sent|set set set|sew sewed sewn|shake shook shaken|shear sheared shorn
shed shed shed|shine shone shone|shoot shot shot|show showed shown|shrink shrank shrunk|shut shut shut
sing sang sung|sink sank sunk|sit sat sat|slay slew slain|sleep slept slept|slide slid slid|sling slung slung
slit slit slit|sow sowed sown|speak spoke spoken|spend spent spent|spin spun spun|spit spat spat|split split split
spread spread spread|spring sprang sprung|stand stood stood|steal stole stolen|stick stuck stuck|sting stung stung
stink stank stunk|stride strode stridden|strike struck struck|string strung strung|strive strove striven
swear swore sworn|sweep swept swept|swell swelled swollen|swim swam swum|swing swung swung|take took taken
teach taught taught|tear tore torn|tell told told|think thought thought|thrust thrust thrust
throw threw thrown|tread trod trodden|undergo underwent undergone|understand understood understood
undertake undertook undertaken|undo undid undone|uphold upheld upheld|upset upset upset|wake woke woken|wear wore worn
weave wove woven|weep wept wept|win won won|wind wound wound|withdraw withdrew withdrawn|withhold withheld withheld
withstand withstood withstood|wring wrung wrung|write wrote written
"""
_PLURALS = """
child children|foot feet|goose geese|louse lice|mouse mice|ox oxen|tooth teeth|person people|die dice|penny pence
phenomenon phenomena|criterion criteria|datum data|bacterium bacteria|medium media|analysis analyses|axis axes
basis bases|crisis crises|diagnosis diagnoses|emphasis emphases|hypothesis hypotheses|oasis oases
parenthesis parentheses|synthesis syntheses|thesis theses|calf calves|elf elves|half halves|knife knives|leaf leaves
life lives|loaf loaves|self selves|sheaf sheaves|shelf shelves|thief thieves|wife wives|wolf wolves|scarf scarves
sheep sheep|deer deer|fish fish|series series|species species|aircraft aircraft|spacecraft spacecraft
offspring offspring|salmon salmon|moose moose|swine swine|trout trout|bison bison
"""

PRINCIPAL_PARTS: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        base: (past, participle)
        for row in _VERBS.strip().replace("\n", "|").split("|")
        for base, past, participle in [row.split()]
    }
)
"""Base form to (past tense, past participle)."""

PLURALS: MappingProxyType[str, str] = MappingProxyType(
    {singular: plural for row in _PLURALS.strip().replace("\n", "|").split("|") for singular, plural in [row.split()]}
)
"""Singular to plural."""
