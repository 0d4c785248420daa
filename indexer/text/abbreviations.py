"""Abbreviations by language, which keep their period, and the words that begin a new sentence after one.

They add to those of simplemma (sentence ends) and spaCy (tokens). They are of five kinds, which differ in what may
follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .word_lists import function_words

_PREFIX = re.compile(r"^.*[-'’](?=[^-'’]{2})")


@dataclass(frozen=True, slots=True)
class Abbreviations:
    """Abbreviations of a language, case folded, without the period."""

    titles: frozenset[str] = frozenset()  # with a capital: a name follows, so the sentence never ends here
    leading: frozenset[str] = frozenset()  # something follows, so the sentence never ends here
    inner: frozenset[str] = frozenset()  # the sentence ends here only before a word that begins sentences
    numbered: frozenset[str] = frozenset()  # an abbreviation only before a number
    others: frozenset[str] = frozenset()  # anywhere, also at the end of a sentence
    suffixes: tuple[str, ...] = ()  # ends of compounds, of the kind `inner`
    starters: frozenset[str] = frozenset()  # with a capital after an abbreviation, they begin a new sentence

    def keeps_period(self, word: str, *, before_number: bool) -> bool:
        """Return whether a period right after this word, inside a sentence, belongs to the word."""
        folded = bare(word)
        return (
            folded in self.titles
            or folded in self.leading
            or self.is_inner(folded)
            or folded in self.others
            or (before_number and folded in self.numbered)
        )

    def takes_number(self, folded: str) -> bool:
        """Return whether a number may follow a word: "S. 5", "Goethestr. 5". Such a number is no ordinal."""
        return folded in self.numbered or (len(folded) > 5 and folded.endswith(self.suffixes))

    def is_inner(self, folded: str) -> bool:
        """Return whether a word is of the kind `inner`, by itself or by its end."""
        return folded in self.inner or (len(folded) > 5 and folded.endswith(self.suffixes))


def bare(word: str) -> str:
    """Return a word case folded, without what is joined to it in front ("dall'avv", "Ober-Ing")."""
    return (word if word.isalpha() else _PREFIX.sub("", word)).casefold()


@lru_cache(maxsize=64)
def abbreviations(language: str) -> Abbreviations:
    """Return the abbreviations of a language. Languages without lists have those that are written everywhere."""
    lists = _LISTS.get(language)
    if lists is None:
        return Abbreviations(titles=_folded(_TITLES), leading=_folded(_SCHOLARLY))
    starters = _STARTERS.get(language, "").split()
    if language != "en":
        starters = [*starters, *function_words(language)]
    return Abbreviations(
        titles=_folded(lists.get("titles", "")),
        leading=_folded(f"{_SCHOLARLY} {lists.get('leading', '')}"),
        inner=_folded(lists.get("inner", "")),
        numbered=_folded(lists.get("numbered", "")),
        others=_folded(lists.get("others", "")),
        suffixes=tuple(lists.get("suffixes", "").split()),
        starters=frozenset(starters),
    )


# Scholars write these in all languages.
_SCHOLARLY = "cf viz"
# Titles that most languages in the Latin alphabet write so, before a name.
_TITLES = "dr prof ing mr mrs"


def _folded(words: str) -> frozenset[str]:
    return frozenset(words.casefold().split())


_LISTS: dict[str, dict[str, str]] = {
    "en": {
        "titles": """
adm atty brig capt cdr cmdr col cpl dr drs fr ft gen gov hon lieut lt maj messrs mlle mme mmes mr mrs ms msgr mt pfc
pres prof profs pvt rep reps rev sen sens sgt st ste supt amb assoc asst bp abp archbp chas cllr comdr comm esqr edw
edwd fredk geo hrh insp jas jno jos madm mgr mssrs revd revds richd robt rt saml sec'y sigr secy thos wm xtopher xpher
benj danl nathl brig-gen maj-gen lieut-col treas vice-adm
alexr archd andw nichs patk margt
""",
        "leading": "eg ie scil sc esp usu fl",
        "numbered": """
art ca ch chap chaps col cols eq eqs fig figs fn fol ff fols ll line ms mss no nos nr op p par para paras pp pt pts
ref refs rte sec sect secs stat tab v vol vols vv bk cl nn pl pls st suppl subsec jan feb mar apr jun jul aug sep sept
oct nov dec
""",
        "others": """
al approx assn ave blvd bros co corp dept dist ed eds est etc ext inc intl jr ltd mfg misc natl orig pl rd ref resp sr
tel trans transl univ vs &c ibid loc cit op passim seq sqq repr rept rev'd vol encycl esq anon assoc bibl biog bldg
bull contd dict et fasc gk govt hwy illus introd masc obs mun proc prol pseud publ qv quot refs ser subj tr ala ariz
ark calif colo conn fla ga ill ind kan ky mass md mich minn mo mont nebr nev okla pa penn tenn tex va vt wash wis wyo
""",
    },
    "de": {
        "titles": """
abg bgm dipl doz dr dres frl geb gebr geh hl hr hrn ing insp kfm kgl lic lt mag mons mr mrs msgr obering oblt obstlt
olt pfr priv prof proff präs ref reg sekr sr st univ vors
""",
        "leading": """
abzgl ausschl bspw bzgl bzw ca d.h d.i einschl evtl exkl geb ggf ggfs hl i.d.r inkl insb insbes jew m.e s.o s.u sog
u.u vgl z.b z.t z.zt zzgl
""",
        "inner": """
abk allg amerik anm ausg bes bez bsp chr co dt ebd em engl ev evang fa frz gegr geschl gest griech habil hbf hg hgg
hrsg hrsgg hs hss ital jg jgg jh jhd jhdt jhs jur kap kath kgl lat lfd lit luth math mdl med mhd mind mio mrd ms mss
mtl nat nhd niederl nr nrn nördl obj pers phil preuß rd rer russ röm sek sept span spez std stdn stellv str stv südl
tel theol tsd urspr verf verh versch vet vollst vorm westl wiss württ zs ztr ztschr österr östl
""",
        "numbered": """
abb abbn abs abschn abt anh anl anm apr art aufl aug bd bde bl dez feb febr fig fn fußn gl jan jul jun kap mrz mär nov
nr okt pos rdn rdnr rn rz s sep sept sp tab taf ziff
""",
        "others": "corp dgl e.v etc ff i.r inc jr jun ltd m.b.h o.ä sen u.a u.dgl u.ä usf usw",
        "suffixes": "str",
    },
    "fr": {
        "titles": """
abg bx card cdt cie cne cte ctesse dr drs frs ing lt mgr mlle mlles mm mme mmes mr mrs ph pr prof rév sgt ste stes sts
vte vtesse vve
""",
        "leading": "apr av c.-à-d cf env i.e p.ex",
        "inner": """
adj adv anc angl ann app arr biblioth boul bull c.q.f.d ch circ coll collab dict dir dép dépt edit encycl esp ex fasc
fig franç fém gr gén géogr hab hist ibid impr introd ital lat litt loc masc math ms mss méd mém nb notam op ouvr
philos plur prov préc préf rev réf réimpr rééd sc sing spéc subst suiv suppl syn trad tél univ vs éd édit étym
""",
        "numbered": """
al art avr bull cah cap ch chap col dos déc fasc fig fol févr janv juil liv ms n no nos nov nº oct p pag pl pp rééd
sect sept suppl t tab v vol éd
""",
        "others": "cie cit etc inc jr ltd sq sqq ss",
    },
    "es": {
        "titles": """
abg alfz almte arq arz bto cap capt card cmdt cmte cnel col cía dip dr dra dña dras dres excma excmo exma exmo fr gob
gral hna hno hnos ilma ilmo ing lcda lcdo lda ldo lic licda magco mons mr mrs pbro pdta pdte ppdo prof profa profra rdo
revdo rvda rvdo sgto sr sra sras sres srta srtas srto sta sto vda vdo
""",
        "leading": "a.c cfr d.c ej p.ej v.gr vgr",
        "inner": """
adj admón adv apdo aprox atte av avda avdo ayto bibl blvd cc cia coord cta ctra cód dcha dcho dd dept depto dicc dpto
dto ed edif eds ee entlo esp etim fasc fdo ff gta hh hist ibid ibíd impr inst izda izdo izq jhs jj loc ms mss mtro máx
mín ntra ntro núm obs oo op orig pp prov pról pza pág págs párr ref reg rr sdad secc sig tel teléf trad tít ud uds
univ urb uu vd vds vv
""",
        "numbered": """
abr ago art arts cap caps col dic ene exp feb febr fig figs fol inc jul jun leg lib lám mar may no nov núm núms oct p
pp pág págs párr secc sept set t tab v vol vols
""",
        "others": "cit cía etc inc jr ltda s.a s.l íd",
    },
    "it": {
        "titles": """
amb arch avv brig cap capit card cav col comm dott dr gen geom ing insp lic magg mons mr mrs on onn prof proff rag rev
sen sig sigg ss ten
""",
        "leading": """
a.c avv ca cav cfr comm d.c dott dr egr es geom ill.mo ing mons on onn p.es p.le p.za p.zza prof proff rag sig sigg
spett v.le
""",
        "inner": """
abbr agg al app arch bibl cit cod coll corr dott.ssa dr.ssa ecc.mo ed edd etim fasc femm fig figg franc gent geogr
giur ibid ingl introd ivi lat lett masch mitt ms mss naz obbl op orig pag pagg par prep prof.ssa prol pron racc rec
ridd sec seg sez sig.na sig.ra sigg.ri sost spec tav tavv tel trad univ vol voll
""",
        "numbered": """
ago apr art artt cap capp col dic ed fasc feb febbr fig figg fol gen genn giu lett lib lug mag mar n nn no nov nr num
ott p pag pagg par pp sec set sett sez t tab tav tavv tom v vol voll
""",
        "others": "ecc etc inc jr s.p.a s.r.l segg sgg ss",
    },
    "nl": {
        "titles": """
adv dhr dr dra drs ds gebr gep gouv hr hrn ing ir jhr jkvr kapt kol lic lt maj mej mevr mgr mr mrs mw mwe pr prof
proff rev sgt st
""",
        "leading": """
bijv ca cfr d.i d.w.z dhr drs ds dwz evt excl i.p.v i.v.m incl ing ir m.a.w m.b.t m.i m.n mbt mevr mr mw n.a.v o.a prof
t.a.v t.b.v t.o.v vgl z.g zgn
""",
        "inner": """
aant afd afl al ald alg betr bibl bijl bijz blz bv centr dept dl ed eds fac fam geb gebr gest geïll hfst ibid inl inst
jl kath lat maatsch mil mld mln mnd n.chr ndl nederl nl nml nr nrs onderz oorspr opm pag pct penn plm prov resp sec
secr spec techn temp tgov toel uitg univ v.chr verg verm vert vlg vnl vnw voorz wetensch
""",
        "numbered": """
afb afl apr art artt aug bijl blz dec dl feb febr fig fol hfst jan jg jrg jul jun mrt no noot nov nr nrs okt p pag par
pp sep sept t tab vol
""",
        "others": "b.v cie co e.a e.d e.v enz etc inc jr n.v sr",
        "suffixes": "str",
    },
    "pt": {
        "titles": """
alm arq brig cap card cel cmdt cmte comte des desa dr dra dras drs eng engª exa exma exmo exmos gen gov ilma ilmo insp
maj mons mr mrs pde pe pres prof profa profas profs rev revdo revma revmo sarg sen sgt snr snra sr sra sras srs srta
srtas sta sto ten tte vig
""",
        "leading": "a.c cfr d.c i.e p.ex v.g",
        "inner": """
adj adv al apart aprox av bibl ca calç cap cia coord cx cód dept depto dir dpto ed edif eds esp etim ex fac fasc fls
fund hab ibid impr inst lat lg loc ms mss máx mín núm obs op orig pron prov pseud publ pág págs pç pça ref reg rod
subst supl séc sécs tel telef trad trav tít univ
""",
        "numbered": """
abr ago art arts cap caps col dez ed fasc fev fig figs fl fls fol inc jan jul jun liv mai mar n no nov nº núm out p
par pp pág págs sec set séc t tab tom tít v vol vols
""",
        "others": "cit etc id inc jr ltda s.a",
    },
    "cs": {
        "titles": """
arch bc bca dipl doc dr drs gen ing judr kpt mga mgr mjr mr mrs mudr mvdr nadpor npor paeddr pharmdr phdr plk por pplk
ppor prof prok rndr rtm sv thdr thlic čet šrtm
""",
        "leading": """
cca doc event ing judr mgr mudr např nám p phdr prof resp rndr srov sv tj tzn tzv tř ul zejm
""",
        "inner": """
abt angl bl býv dop dr ev evang fr hist katol lat mn n.l např nábř něm odb odd okr orig pozn př př.n.l předn příp pův
red roč sev sl soukr spol st str tel tur ved vl vyd vých zkr zvl záp čes čj řec šp
""",
        "numbered": "kap obr odd odst pozn příl r roč s sb sl str sv tab vyd vyhl č čl čís",
        "others": "aj apod atd atp etc kč mil mld tis",
    },
    "pl": {
        "titles": """
abp bp dr dypl gen hr inż kard kmdr kpr kpt ks mec mgr mjr mr mrs nadkom ojc podinsp por ppor ppłk prof płk red rtm
sierż sp st wlk św
""",
        "leading": """
al bł ds inż jw ks m.in mgr n.p.m np os ośr pl pn pow prof prok przew tj tzn tzw ul wg woj właśc zob zw śp św
""",
        "inner": """
ang arch art bibl cd cdn ces chem chiń czyt dn dyr dł egz fiz fr gm godz gr grec gł hab hebr hist ibid im jęz kr
lit lm med mies nast nb niem nr ob obr odc ok oprac oryg ost pkt ppkt prawn proc przyp pseud późn r red ros roz rozdz
ryc rękop sekr skr sygn sz szer szt tow tytuł tłum ub uw wsch wyd wys wł zach zast zał zdr zwł łac śred średn
""",
        "numbered": """
art cz fig kl lp nr nry odc par pkt poz ppkt przyp roz rozdz ryc rys s ss str t tab tabl tom ust w ww zał
""",
        "others": "etc itd itp mld mln r tys w zł",
    },
    "sv": {
        "titles": """
amir civ dir doc dr frk förf gen hr ing jur kapt kh lic löjtn mag mr mrs prof red rekt s:t s:ta sekr st tekn övlt
""",
        "leading": """
bl.a ca d.v.s d.y d.ä dvs ev exkl f.d fr.o.m inkl jfr kl m.a.o p.g.a resp s.k t.ex t.h t.o.m t.v
""",
        "inner": """
adj adv anm art avd d:o ed etym förk grek hebr hist högsk ibid innev isl jur kgl kungl maskul mdr milj motsv mtrl ngn
ngt nr omkr orig pers plur prof pron publ reg sg sing spec sthlm subst särsk tekn tel tf tillf tills tkr tys ungef
univ uppl urspr utg utl äv östl
""",
        "numbered": """
apr art aug avd bd dec feb febr fig jan jul jun kap kl mar mom nov nr okt par s sep sept sid st tab v vol
""",
        "others": "e.kr etc f.kr inc jr m.fl m.m o.d o.s.v osv",
    },
    "da": {
        "titles": """
adv arkt dir dr frk gdr hr hrr ing kapt lekt lic ltn mag mr mrs pens prof red rev sct sekr skt sml sr stud
""",
        "leading": """
bl.a ca cf d.v.s dvs eks ekskl evt f.eks fx hhv iflg ift inkl jf jfr jvf kgl kl mht nr pga skt t.eks vedr
""",
        "inner": """
adj adm afd afs alm anm arab betegn bibl dept ed egl etym fhv flg forf fork fr gl gns hebr ibid internat isl ital jur
kbh kgl kr kvt litt maks mdl mdr mia milj mio modt mrk ndf nedenn nuv omkr omtr opr orig pag par pkt plur pp pseud
publ ref s.d sp spec stk sv tdl tidl tilh tlf tys ubest udg ugtl univ vejl vha vol
""",
        "numbered": """
afs apr art aug bd dec feb febr fig fol jan jul jun kap mar nos nov nr okt p pag pkt pp s sep sept stk tab vol
""",
        "others": "e.kr etc f.kr inc jr m.fl m.m mv o.l osv",
    },
}
_LISTS["ru"] = {
    "titles": "акад гр гр-н г-жа г-н доц инж св проф",
    "leading": "им напр пер пл просп ср ул см т.е т.н",
    "inner": "бульв гл губ изд обл ред рис стр табл",
    "numbered": "гл илл кн оп п рис с см ср ст стр т табл тт",
    "others": "др пр тыс млн млрд руб",
}
_LISTS["nb"] = _LISTS["no"] = _LISTS["nn"] = _LISTS["da"]

# Capitalised after an abbreviation or an initial, these begin a new sentence.
_STARTERS = {
    "en": """
the this that these those he it she they we you i his her hers its their our my your there here but and or so yet nor if
when while although though because since after before as until unless once however therefore thus hence then moreover
furthermore nevertheless also even still now today in on at by for from with without under during according to no not
some many most all both each every another other such what who why how where which is are was were do does did has have
had can could will would should may might must one only an let
""",
    "de": """
also anschließend bald bisher danach daher daneben davon deshalb dagegen dann heute jetzt man seitdem später trotzdem
zuerst
""",
    "fr": "ainsi alors cela cependant ceci depuis enfin ensuite pourtant puis souvent voici voilà",
    "es": "además ahora así ayer después entonces hoy luego nunca siempre",
    "it": "allora adesso così dopo inoltre infatti ieri ma oggi poi quindi",
    "pt": "agora além assim depois então hoje ontem sempre",
    "nl": "daarna daarom dan hierna later maar nu ook toen vervolgens volgens",
    "ru": """
а без был была были было в вот все вы для до его ее если еще её за и из или их к как когда кто мы на не но о он она они
оно от по под при с так там то тогда у что это этот эта эти я
""",
    "cs": """
a ale ani ano až bez byl byla byli bylo byly co do dnes další i já jak jako je jeho její jejich jen jestli k kde kdo
když která které který na nad ne než o od on ona oni ono po pod podle pak pokud potom pro proč protože proto před při s
se si ta tak také tam tato ten tento tím to toto tu tuto ty u už v ve však všechno vy z za ze že
""",
    "pl": """
a ale ani aż będzie bez bo by był była było były co czy dla dlatego do gdy gdzie i ich ile ja jak jako jednak jego jej
jest jeśli już kiedy kto która które który ma mimo może my na nad nie o od on ona oni one ono oraz pan po pod podczas
pomimo potem przed przez przy są się ta tak takie także tam te tego ten też to tu ty tylko w wszystko więc we według z
za ze żeby
""",
    "sv": """
alla att av bara de den denna deras dess det detta dock du där då efter eftersom ej en ett flera från för genom han hans
har hennes hon hur här i ingen inte jag kan man med men mot nu när och om på sedan sin som så till trots under upp utan
vad var vi vid vilket vår är även än
""",
    "da": """
alle at da de den denne der deres det dette dog du efter eller en endnu er et flere for fordi fra før gennem ham han
hans har hendes her hun hvad hvem hver hvis hvor hvordan hvorfor i ikke ingen jeg kan man med men mod når nu og om op
på selv siden som så til trods under ved vi vor være
""",
}
_STARTERS["nb"] = _STARTERS["no"] = _STARTERS["nn"] = _STARTERS["da"] + "etter hva hvem hvilken ut både"
