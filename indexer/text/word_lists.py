"""Lists of function words by language, for seven languages."""

from __future__ import annotations

_ENGLISH_FUNCTION_WORDS = """
a an the this that these those each every either neither some any no all both another other others such enough
much many more most few fewer less several
i me my myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it
its itself they them their theirs themselves one's oneself thou thee thy thine ye who whom whose which what whoever
whomever whatever whichever somebody someone something anybody anyone anything nobody none nothing everybody everyone
everything
about above across after against along alongside amid among amongst around as at before behind below beneath beside
besides between beyond by despite during except for from in inside into near of off on onto out outside over per since
than through throughout till to toward towards under underneath until unto up upon via with within without
and but or nor so yet if though although because unless while whilst whereas whether when whenever where wherever
whereby wherein how however why then therefore thus hence and/or
am is are was were be been being have has had having do does did doing done can could may might must shall should will
would ought cannot can't ca wo sha ain't
not n't nt 's 'll 're 've 'd 'm 't '
there here too very also just only even ever never again
"""


_GERMAN_FUNCTION_WORDS = """
der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines dieser diese dieses
diesen diesem jener jene jenes jenen jenem jeder jede jedes jeden jedem mancher manche manches welcher welche welches
welchen welchem solcher solche solches alle allen aller alles
ich mich mir mein meine meinen meinem meiner meines du dich dir dein deine deinen deinem deiner deines er ihn ihm sein
seine seinen seinem seiner seines sie ihr ihre ihren ihrem ihrer ihres es wir uns unser unsere unseren unserem unserer
unseres euch euer eure euren eurem eurer ihnen sich man jemand niemand etwas nichts wer wen wem wessen was
ab am an ans auf aufs aus außer bei beim bis durch fürs für gegen gegenüber hinter im in ins mit nach neben ohne seit
statt trotz um unter vom von vor während wegen zu zum zur zwischen über übers ausser
und oder aber sondern denn weil dass daß ob wenn als wie wo wann warum obwohl damit nachdem bevor sobald falls indem
sowie weder noch
bin bist ist sind seid war warst waren wart gewesen habe hast hat haben habt hatte hattest hatten hattet hätte hätten
werde wirst wird werden werdet wurde wurden worden würde würden kann kannst können könnt konnte konnten könnte könnten
muss muß musst müssen müsst musste mussten darf darfst dürfen durfte soll sollst sollen sollte sollten mag mögen
möchte möchten
nicht auch nur schon sehr so da dort hier doch ja nun dann
"""


_FRENCH_FUNCTION_WORDS = """
le la les l' un une des du de d' au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur
leurs quel quelle quels quelles chaque quelque quelques plusieurs aucun aucune tout toute tous toutes
je j' me m' moi tu te t' toi il elle on se s' soi nous vous ils elles lui eux y en celui celle ceux celles ceci cela
ça c' qui que qu' quoi dont où lequel laquelle lesquels lesquelles rien personne
à après avant avec chez contre dans depuis derrière devant dès durant entre envers hors jusque jusqu' malgré par parmi
pendant pour sans sauf selon sous sur vers
et ou mais donc or ni car si comme lorsque lorsqu' puisque puisqu' quand parce afin tandis
suis es est sommes êtes sont étais était étions étiez étaient fus fut fûmes furent serai seras sera serons serez seront
serais serait seraient sois soit soient être étant ai as a avons avez ont avais avait avions aviez avaient eut
eurent aurai auras aura aurons aurez auront aurais aurait auraient aie ait aient eu avoir ayant
ne n' pas plus très trop aussi même encore déjà ici là comment pourquoi
"""


_SPANISH_FUNCTION_WORDS = """
el la los las lo un una unos unas al del este esta estos estas ese esa esos esas aquel aquella aquellos aquellas mi mis
tu tus su sus nuestro nuestra nuestros nuestras vuestro vuestra vuestros vuestras cada todo toda todos todas algún
alguna algunos algunas ningún ninguna otro otra otros otras
yo me mí conmigo tú te ti contigo él ella ello usted se sí consigo nosotros nosotras nos vosotros vosotras os ellos
ellas ustedes le les esto eso aquello que qué quien quién quienes quiénes cual cuál cuales cuáles cuyo cuya algo nada
alguien nadie
a ante bajo con contra de desde durante en entre hacia hasta mediante para por según sin sobre tras
y e o u pero sino ni si porque pues aunque como cuando donde mientras
soy eres es somos sois son era eras éramos eran fui fue fuimos fueron seré será serán sería serían sea sean sido siendo
ser estoy está estamos están estaba estaban estuvo estado estar he has ha hemos habéis han había habían hubo habrá
habría haya hayan haber
no muy más menos tan también tampoco ya aquí allí ahí cómo cuándo dónde
"""


_ITALIAN_FUNCTION_WORDS = """
il lo la i gli le l' un uno una un' al allo alla ai agli alle all' dal dallo dalla dai dagli dalle dall' del dello della
dei degli delle dell' nel nello nella nei negli nelle nell' sul sullo sulla sui sugli sulle sull' questo questa questi
queste quest' quello quella quelli quelle quell' quel quei quegli mio mia miei mie tuo tua tuoi tue suo sua suoi sue
nostro nostra nostri nostre vostro vostra vostri vostre loro ogni qualche altro altra altri altre tutto tutta tutti
tutte
io me mi tu te ti egli lui lei esso essa si se ci ne noi voi vi essi esse c' m' t' s' v' n' d' che chi cui quale quali
ciò niente nulla qualcuno nessuno
a ad con da di fra in per su tra senza durante contro verso presso dopo
e ed o od ma però né se perché quando dove come mentre anche
sono sei è siamo siete era erano ero eri fu furono sarà saranno sarebbe sia siano essere ho hai ha abbiamo avete
hanno aveva avevano avevo ebbe avrà avrebbe abbia abbiano avere
non più molto così già qui qua lì là
"""


_PORTUGUESE_FUNCTION_WORDS = """
o a os as um uma uns umas ao aos à às do da dos das no na nos nas num numa pelo pela pelos pelas este esta estes estas
esse essa esses essas aquele aquela aqueles aquelas deste desta desse dessa neste nesta nesse nessa meu minha meus
minhas teu tua seu sua seus suas nosso nossa nossos nossas cada todo toda todos todas algum alguma alguns algumas
nenhum nenhuma outro outra outros outras
eu me mim comigo tu te ti ele ela eles elas você vocês se si nós vós lhe lhes isto isso aquilo que quem qual quais cujo
cuja algo nada alguém ninguém
ante após até com contra de desde em entre para per perante por sem sob sobre
e ou mas nem se porque pois embora como quando onde enquanto
sou é somos são era eram fui foi foram será serão seria seja sejam sido sendo ser estou está estamos estão estava
estavam esteve estar tenho tem temos têm tinha tinham hei há havia haver
não muito mais menos tão também já aqui ali aí lá
"""


_DUTCH_FUNCTION_WORDS = """
de het een 't deze dit die dat elk elke ieder iedere alle al geen welk welke zulk zulke
ik me mij mijn jij je jou jouw u uw hij hem zijn zij ze haar wij we ons onze jullie hen hun zich men iemand niemand
iets niets wie wat er
aan achter af behalve bij binnen boven buiten door in langs met na naar naast om onder op over per rond sinds te tegen
ten ter tot tussen uit van vanaf voor zonder
en of maar want dus dan als toen omdat hoewel terwijl indien zodat tenzij noch hoe waar wanneer waarom
ben bent is was waren geweest wezen heb hebt heeft hebben had hadden gehad word wordt worden werd werden geworden kan
kunnen kon konden moet moeten moest moesten mag mogen mocht mochten zal zullen zou zouden
niet ook nog wel zeer zo hier daar nu
"""


_FUNCTION_WORDS = {
    "en": _ENGLISH_FUNCTION_WORDS,
    "de": _GERMAN_FUNCTION_WORDS,
    "fr": _FRENCH_FUNCTION_WORDS,
    "es": _SPANISH_FUNCTION_WORDS,
    "it": _ITALIAN_FUNCTION_WORDS,
    "pt": _PORTUGUESE_FUNCTION_WORDS,
    "nl": _DUTCH_FUNCTION_WORDS,
}


# In capitals these English forms are names, not pronouns.
ACRONYMS = frozenset({"US", "IT", "WHO"})
# However, where all words have capitals, these are pronouns as usual. US is more often the country in headlines.
PRONOUNS_IN_CAPITALS = frozenset({"IT", "WHO"})


def function_words(language: str) -> frozenset[str]:
    """Return the function words of a language in small letters, or an empty set if it has no list."""
    return frozenset(_FUNCTION_WORDS.get(language, "").split())
