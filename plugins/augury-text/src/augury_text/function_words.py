"""The closed classes of English: what surrounds an open-class word and tells its part of speech."""

from __future__ import annotations

from types import MappingProxyType

_TAGS = {
    "DT": "a an the this these those every each some any no another either neither both all half such",
    "PRP$": "my your his its our their whose",
    "PRP": "i he she we they you it who which that there one this someone somebody everyone everybody nobody",
    "PRO": "me him us them myself yourself himself herself itself ourselves themselves her",
    "MD": "can could may might must shall should will would cannot do does did don't doesn't didn't can't couldn't "
    "won't wouldn't shouldn't mustn't let's ought please dont didnt cant wont gonna wanna to",
    "BE": "be am is are was were been being isn't aren't wasn't weren't ain't becomes became seems seemed im",
    "HV": "have has had having haven't hasn't hadn't 've",
    "IN": "of in on at by for from with without into onto upon over under between among through during before after "
    "about against above below behind beside besides beyond near toward towards across along around past via "
    "per within outside inside off up down out despite until till since as like than amid amongst",
    "CC": "and or but nor yet so plus",
    "WH": "what when where why how while if because although though unless whether whereas whom whatever whenever",
    "DG": "very too more most quite rather really extremely pretty less least fairly highly totally absolutely",
    "RB": "not never always often just only also even still already again ever almost then now here there soon "
    "away back forward together apart once twice perhaps maybe n't ago instead else",
    "CD": "one two three four five six seven eight nine ten eleven twelve dozen hundred thousand million several "
    "few many much other last next first second third same own",
    "UH": "yes oh well ok okay hi hello hey thanks lol wow",
}

LIGHT_VERBS: frozenset[str] = frozenset(("be", "come", "do", "get", "give", "go", "have", "let", "make", "put", "take"))
"""Verbs whose meaning is mostly that of their object (`make a call`), so that no synonym fits."""

FUNCTION_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {word: tag for tag, words in reversed(_TAGS.items()) for word in words.split()}
)
"""Word to its class. Penn names where Penn has one; PRO object pronouns, BE and HV auxiliaries, MD modals, `do` and
`to`, WH openers of clauses, DG adverbs of degree. Words that stand in several classes have the first listed."""
