//! Who asks for a person in other languages: a verb of speaking, joining or wanting with a word for a person.

use std::sync::LazyLock;

use super::rules::{Classes, Rules};
use super::spoken::has_latin;

const CLASSES: Classes = &[
    ("gap", r"(?:[a-z0-9]+ ){0,4}?"),
    // Spanish, Portuguese, Italian, French
    (
        "persona",
        r"personas?|humanos?|humana|agentes?|representantes?|asesor(?:a|es)?|ejecutiv[oa]|alguien|operador(?:a|es)?|
          encargad[oa]|gerente|supervisor(?:a)?|jefe|empleado|pessoas?|atendentes?|alguem|funcionari[oa]|consultor(?:a)?|
          umano|umani|operator[ei]|operatrice|qualcuno|responsabile|addetto|consulente|essere umano|ser humano|
          servicio al cliente|atencion al cliente|servizio clienti|assistenza clienti",
    ),
    (
        "personne",
        r"(?:vraie? |autre )?(?:humaine?|personne|conseill(?:er|ere)|agente?|operat(?:eur|rice)|quelqu ?un|responsable|
          employee?|etre humain|service client|charge de clientele|collegue|superviseur|manager|representante?)",
    ),
    // German, Dutch, Swedish
    (
        "mensch",
        r"mensch(?:en)?|mitarbeiter(?:in)?|mitarbeitende[nr]?|berater(?:in)?|kundenberater(?:in)?|sachbearbeiter(?:in)?|
          person|jemand(?:em|en)?|kundenservice|kundendienst|vorgesetzten?|chef(?:in)?|ansprechpartner(?:in)?|
          support ?mitarbeiter|kollegen?|kollegin",
    ),
    ("mens", r"mens|medewerker|persoon|iemand|collega|leidinggevende|klantenservice|manager|agent|menselijke [a-z]+"),
    ("manniska", r"manniska|person|nagon|medarbetare|handlaggare|kundtjanst|chef|agent|kollega"),
    // Polish, Turkish
    (
        "czlowiek",
        r"czlowiek(?:iem|a)?|konsultant(?:em|ka|ke|a)?|osoba|pracowni(?:kiem|k|ka)|kims|doradca|kierownik(?:iem)?|zyw(?:ym|
          a) (?:czlowiekiem|osoba)|przelozonym",
    ),
    (
        "insan",
        r"insan(?:la|a)?|kisi(?:yle|ye)?|temsilci(?:yle|ye|si|siyle|sine)?|yetkili(?:yle|ye)?|operator(?:le|e)?|biri(?:yle|ne|
          si|siyle)?|gorevli(?:yle|ye)?|calisan(?:la)?|canli destek",
    ),
];

static LATIN: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"(?:hablar|hablo|hable|comunicarme|comunicar|comuniqueme|contactar|contacto|conversar|chatear|falar|fala|
              conversar|contatar|parlare|parlar|parlo|chattare|comunicare|contattare) <gap>(?:con|com|a|ao|um|uma|un|una|
              al)? ?<gap><persona>",
            r"(?:paseme|pasame|pasenme|comuniqueme|comunicame|conecteme|conectame|transfierame|transfiereme|ponme|pongame|
              me pasa|me pasas|transfira|transfere|me passa|passe me|me passe|passar|passa|passami|mi passi|mi passa|
              collegami|conecta me|me conecta|me transfere|transferir|derivame|deriveme) <gap><persona>",
            r"(?:quiero|quisiera|necesito|prefiero|deseo|exijo|quero|queria|gostaria de|preciso(?: de)?|prefiro|exijo|voglio|
              vorrei|ho bisogno di|preferisco|dammi|dame|deme|me da|me de) (?:que me (?:atienda|ayude|llame) |hablar |falar |
              parlare |con |com |a |ser atendid[oa] por )*(?:una? |uma? |algum |alguna |el |un )?(?:persona (?:real|de verdad|
              humana|reale|vera)|pessoa (?:real|de verdade)|humano|umano|agente|operador|operatore|representante|asesor|
              atendente|ser humano|atencion humana|atendimento humano)",
            r"(?:agente|persona|asesor|atencion|soporte|ayuda|atendente|pessoa|atendimento|operatore|assistenza|contatto|
              operador) (?:human[oa]|uman[oa]|real|reale|de verdad|de verdade|vero|vera|en vivo)",
            r"(?:hay|tem|ce|c e) (?:alguien|alguem|qualcuno|alguna persona|um humano|una persona|algum atendente)(?: (?:ahi|
              real|ai|li|para|com quem|con quien|con cui|que|disponible)|$)",
            r"que me (?:atienda|llame|llamen|contacte) (?:una? )?(?:persona|humano|alguien|agente)?",
            r"(?:alguien|alguem|qualcuno) (?:que|che|pode|puede|puo|mi|me) (?:me )?(?:ayude|atienda|llame|ajude|ligue|ligar|
              aiuti|chiami|atender|ajudar|aiutarmi|chiamarmi)",
            r"\A(?:un |una |um |uma |con |com )?(?:humano|operador|operatore|agente|representante|atendente|asesor|umano|
              persona real|pessoa real|persona vera|operador humano|conseiller|humain|operateur|agent humain|mitarbeiter|
              mensch|echter mensch|berater|medewerker|echt mens|manniska|konsultant|czlowiek|temsilci|canli destek|
              musteri temsilcisi|canli temsilci)(?:[ \n](?:por favor|porfa|please|pf|per favore|grazie|sil vous plait|svp|
              bitte|alstublieft|aub|tack|prosze|lutfen|ya|agora|ahora|subito|sofort|maintenant|nu|teraz|hemen|istiyorum))*\z",
            // Chinese in Latin letters
            r"z(?:h)?uan ?(?:yi ?ge ?)?ren ?gong|ren ?gong(?: ?(?:ke ?fu|fu ?wu|zai|tai))?$|zhen ?ren(?: ?ke ?fu)?$",
            r"(?:wo )?(?:yao|zhao|jie) ?(?:ren ?gong|zhen ?ren)[a-z ]*|\A(?:rg|zrg|rgkf|zrgkf)\z",
            r"(?:no quiero|nao quero|non voglio) (?:hablar|falar|parlare|chatear|seguir|mais|un|um)? ?<gap>(?:con|com|
              a)? ?<gap>(?:bot|robot|robo|maquina|macchina|chatbot|ordenador|computador)",
            r"(?:parler|discuter|echanger|communiquer|joindre|contacter|avoir|voir|mettre en (?:relation|contact)|
              mis en (?:relation|contact)|mettez moi en (?:relation|contact)) <gap>(?:a |avec |au |aux |un |une |le |la |de |
              du )*<personne>",
            r"(?:passez|passe|transferez|transfere|mettez|connectez) moi <gap>(?:a |avec |au |un |une |le |la |en )*<personne>",
            r"(?:je veux|je voudrais|jaimerais|je souhaite|jai besoin d|il me faut|je prefere|donnez moi) ?(?:de |que |
              d)?(?:un |une |le |lun )?(?:vraie? |autre )?(?:humaine?|vraie? personne|conseill(?:er|ere)|agente?|operateur|
              operatrice|responsable|etre humain|service client|personne (?:reelle|humaine))",
            r"(?:conseiller|agent|personne|etre|assistance|contact|interlocuteur) (?:humaine?|reel(?:le)?)",
            r"vraie? (?:personne|humain|conseiller)|y a t il (?:quelqu ?un|un humain|une personne)",
            r"(?:quelqu ?un|un conseiller|un humain) (?:peut|pourrait|pour) (?:il )?(?:maider|me rappeler|mappeler|
              me repondre|me contacter)",
            r"rappelez moi",
            r"(?:pas|plus|marre) (?:de |parler a |avec |parler avec )?(?:un |une |ce |cette |des |les )?(?:robots?|machines?|
              bots?|chatbot)$",
            r"(?:mit|an|zu|bei|durch) (?:(?:einem|einer|einen|nem|ner|ne|nen|ihrem|ihren|der|dem|den|die|eurem|deinem|
              ihrer) )?(?:(?:echten|richtigen|menschlichen|realen|lebenden|anderen|
              echter) )?<mensch> (?:bitte )?(?:<gap>)(?:sprechen|reden|verbinden|verbunden|chatten|weiterleiten|telefonieren|
              kommunizieren|durchstellen|verbinde|weitergeleitet|weiterverbinden|schreiben)",
            r"(?:sprechen|reden|verbinden sie mich|verbinde mich|verbindet mich|weiterleiten|stellen sie mich|leiten sie mich|
              rede|spreche|leite mich) (?:bitte )?<gap>(?:mit|an|zu|durch) <gap><mensch>",
            r"(?:will|mochte|moechte|brauche|hatte gern|haette gern|wunsche|verlange|kann ich|konnte ich|gib mir|
              geben sie mir|hol mir|holen sie) (?:bitte |mit |gern |gerne |jetzt |endlich )*(?:(?:einen?|ihren|den|ne|
              nen) )?(?:(?:echten|echte|richtigen|richtige|menschlichen|realen|echter) )?(?:menschen|mitarbeiter(?:in)?|
              berater(?:in)?|sachbearbeiter|kundenberater|vorgesetzten|ansprechpartner|person|
              support mitarbeiter)(?: (?:sprechen|bitte|haben|jetzt|reden|dran|ans telefon|erreichen|am telefon))?$",
            r"(?:echte[rnms]?|richtige[rnms]?|menschliche[rnms]?|reale[rnms]?) (?:mensch(?:en)?|person|mitarbeiter(?:in)?|
              ansprechpartner(?:in)?|berater(?:in)?|support|hilfe)",
            r"(?:ist|gibt es) (?:da |hier )?(?:jemand|einen menschen|ein mensch|einen mitarbeiter)(?: (?:da|echtes|mit dem|
              der|erreichbar|zum|der mir)|$)",
            r"(?:kann|konnte) (?:mir |mich )?(?:bitte )?(?:jemand|ein mensch|ein mitarbeiter) (?:mir |mich |
              bitte )*(?:anrufen|zuruckrufen|helfen|kontaktieren)",
            r"rufen sie mich",
            r"(?:keine?n?|nicht mit (?:einem|ner|einer)|nicht mehr mit (?:einem|ner)) (?:bot|roboter|maschine|computer|ki|
              chatbot)",
            r"(?:met|aan) (?:een |n |jullie |uw |de |iemand )*(?:echte? |menselijke |levende |andere )?<mens> <gap>(?:spreken|
              praten|chatten|verbonden|doorverbonden|bellen)",
            r"(?:spreken|praten|chatten|doorverbinden|verbind me|verbind mij|verbinden|doorverbonden|spreek|
              verbinden) <gap>(?:met|door|aan) <gap><mens>",
            r"(?:wil|wilt|kan ik|mag ik|graag|zou) (?:ik )?(?:graag )?(?:een |n )?(?:echte? |levende |
              menselijke )?(?:medewerker|mens|persoon|iemand)(?: (?:spreken|graag|aub|alstublieft|aan de (?:lijn|telefoon)))?$",
            r"echte? (?:mens|persoon|medewerker)|menselijke (?:medewerker|hulp)",
            r"(?:is er|zit er) (?:iemand|een (?:mens|medewerker))|bel (?:me|mij) (?:terug)?",
            r"geen (?:bot|robot|computer|chatbot)$",
            r"(?:prata|tala|snacka|chatta|kopplas?|koppla mig|komma i kontakt|fa tala|kontakt) <gap>(?:med|till) (?:en |er |
              riktig |en riktig |nagon |min )*<manniska>",
            r"riktig (?:manniska|person)|(?:vill ha|behover|ge mig) en (?:riktig )?(?:manniska|medarbetare|person)",
            r"finns det (?:nagon|en manniska)|ring (?:mig|upp mig)",
            r"(?:rozmawiac|porozmawiac|pogadac|gadac|mowic|polaczyc|polacz(?:cie)? mnie|prosze o|prosze polaczyc|
              przelacz(?:cie|yc)? (?:mnie)?|skontaktowac|polaczenie|kontakt|rozmowe|rozmowa) <gap>(?:z|do)? ?(?:zywym |zywa |
              prawdziwym |prawdziwa |jakims |jakas |waszym |inna |innym )*<czlowiek>",
            r"(?:chce|potrzebuje|poprosze|dajcie|daj) (?:mi )?(?:prawdziwego |zywego |rozmowe z )?(?:czlowieka|konsultanta|
              pracownika|kierownika|doradce)",
            r"zywy czlowiek|nie chce (?:rozmawiac|gadac|pisac) z (?:botem|robotem|maszyna)",
            r"(?:prosze|moze ktos) (?:o |do mnie )?(?:oddzwo[a-z]+|zadzwo[a-z]+)",
            r"(?:gercek|canli|bir|musteri|insan|yetkili) (?:bir )?<insan> (?:ile )?<gap>(?:gorus[a-z]*|konus[a-z]*|
              bagla[a-z]*|istiyorum|aktar[a-z]*|ulas[a-z]*|lutfen|yaz[a-z]*|var mi)",
            r"(?:temsilci(?:ye|yle)|yetkili(?:ye|yle)|operatore|insana|insanla|canli destege|musteri hizmetlerine|
              musteri temsilcisine|birine|biriyle|gercek kisiyle) (?:ile )?<gap>(?:bagla[a-z]*|aktar[a-z]*|gorus[a-z]*|
              konus[a-z]*|yonlendir[a-z]*)",
            r"(?:temsilci|yetkili|insan|canli destek|musteri hizmetleri|musteri temsilcisi|operator) (?:ile|istiyorum|
              bagla[a-z]*)(?: [a-z]+)*",
            r"(?:gercek|canli) (?:bir )?(?:insan|kisi|temsilci|destek)",
            r"(?:robot|bot|makine)(?:la|yla| ile) (?:konusmak|gorusmek|yazismak) istemiyorum",
            r"beni (?:geri )?ara(?:yin|r)?",
        ],
        &[
            // are you one, when are they there, none there
            r"(?:eres|es usted|e voce|voce e|sei|es tu|etes vous|tu es|vous etes|bist du|sind sie|ben je|bent u|ar du|jestes|
              czy jestes|sen|siz) (?:[a-z]+ )?(?:una?|uma?|une?|eine?|een|en|bir)? ?(?:[a-z]+ )?(?:persona|humano|humana|
              pessoa|umano|personne|humain|mensch|mens|manniska|czlowiekiem|insan)(?: [a-z]+)*",
            r"(?:a que hora|que horario|cual es el horario|que dias|que horas|qual o horario|qual e o horario|a che ora|
              quali sono gli orari|quels sont|quelle heure|quelles heures|quand|wann|um wie viel uhr|ab wann|
              zu welchen zeiten|hoe laat|wanneer|vilka tider|nar|kiedy|w jakich godzinach|o ktorej|ne zaman|saat kac|
              hangi saat|horario|orario|horaires|offnungszeiten|cuando|quando|cuanto tarda|cuanto cuesta) [a-z0-9 ]*",
            r"(?:muss ich|debo|tengo que|devo|preciso mesmo|dois je|faut il|moet ik|maste jag|czy musze) [a-z0-9 ]*",
            r"(?:por|per|par|pro) (?:persona|pessoa|personne|person)",
            r"(?:tercera|terceira|terza|tierce|dritte|andere|otra|outra|altra|autre) (?:persona|pessoa|personne|person|
              persoon)",
        ],
    )
});

/// Scripts with letters of their own.
static OTHER_SCRIPTS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[
            (
                "hito",
                r"人間|オペレーター|オペレータ|担当者|担当の方|有人|スタッフ|係の(?:人|方|者)|生身の人|本物の人|上司|責任者|
                  サポートの(?:人|方)|カスタマーサポート|誰か|人",
            ),
            ("saram", r"상담원|상담사|사람|담당자|직원|매니저|책임자|관리자|상급자|실제 ?사람|진짜 ?사람|상담 ?직원"),
            (
                "chelovek",
                r"оператор(?:а|ом|у)?|человек(?:а|ом|у)?|сотрудник(?:а|ом|у)?|менеджер(?:а|ом|у)?|специалист(?:а|ом|у)?|
                  консультант(?:а|ом|у)?|жив(?:ым|ого|ой) (?:человек(?:ом|а)?|оператор(?:ом|а)?)|кем(?: |-)?(?:то|нибудь)|
                  руководител(?:я|ем|ь)|начальник(?:а|ом)?|представител(?:я|ем|ь)|поддержк(?:ой|у)",
            ),
            ("shakhs", r"موظف|شخص|إنسان|انسان|ممثل|بشري|بشر|مندوب|مسؤول|مدير|وكيل|خدمة العملاء|احد|أحد"),
            ("vyakti", r"इंसान|व्यक्ति|एजेंट|प्रतिनिधि|आदमी|मैनेजर|ऑपरेटर|कर्मचारी|अधिकारी|कस्टमर केयर|किसी"),
        ],
        &[
            r"(?:人間|オペレーター|オペレータ|担当者|担当の方|有人|スタッフ|係の(?:人|方|者)|生身の人|本物の人|上司|責任者|
              サポートの(?:人|方)|誰か|実際の人|リアルな人).{0,8}(?:話し|話を|つない|つなが|つなげ|繋|対応し|対応を|対応に|
              お願い|代わ|代わっ|変わっ|チャット|連絡し|出して|呼ん|電話し|相談し|希望|に聞き|話せ|話がし)",
            r"人と(?:話|チャット|直接)|人に(?:代わ|つな|繋|対応)",
            r"電話(?:を)?(?:ください|下さい|して(?:ください|ほしい|下さい)|をかけて)",
            r"(?:ボット|ロボット|機械|ai).{0,6}(?:じゃなく|ではなく|嫌|いや|話したくない|いらない)",
            r"^(?:オペレーター|オペレータ|有人チャット|有人対応|人間|担当者)(?:お願いします|希望|を|に|で)?$",
            r"<saram>(?:과|와|이랑|랑|하고|에게|한테|으로|을|를|분|님|이)? ?.{0,6}(?:연결|통화|바꿔|이야기|얘기|상담하|
              상담 ?(?:원|받|부탁)|대화|불러|말하고|말씀|주세요|부탁|원해|필요)",
            r"^(?:상담원|상담사|사람)(?:요|이요|!)?$|(?:봇|로봇|기계|ai).{0,4}(?:말고|싫|그만)",
            r"전화(?:해|를) ?(?:주세요|달라)",
            r"(?:соедин|позов|переключ|перевед|поговор|говор|пообща|общат|связ|свяж|дайте|дай|хочу|нужен|нужна|подключ|можно|
              позвать|вызов)[а-я]* (?:[а-я]+ ){0,4}?<chelovek>",
            r"<chelovek> (?:[а-я]+ ){0,2}?(?:соедин|позов|переключ|поговор|нужен|нужна|пожалуйста|дайте|подключ|срочно|
              можно)[а-я]*",
            r"^(?:оператор|человек|живой (?:человек|оператор)|специалист|консультант|менеджер)а?$",
            r"не хочу (?:[а-я]+ ){0,2}с (?:ботом|роботом|машиной)|перезвоните|позвоните мне",
            r"есть (?:тут |здесь )?(?:кто|живые|живой|люди|оператор)",
            r"(?:أريد|اريد|أود|اود|أرغب|ارغب|ممكن|هل يمكنني|أحتاج|احتاج|حولني|حولوني|وصلني|وصلوني|ابغى|أبغى|عايز|بدي|أفضل|
              تحويلي|دعني|خلني|الرجاء|من فضلك|لو سمحت|اعطني|أعطني)(?: \S+){0,4}? (?:مع |إلى |الى |ب|ل|لل|ال|ا)*<shakhs>\S*",
            r"(?:التحدث|التكلم|الكلام|أتحدث|اتحدث|أتكلم|اتكلم|اكلم|أكلم|التواصل|تحويلي|تحويل|كلم)(?: \S+){0,3}? (?:مع |إلى |
              الى |ل|لل|ال)*<shakhs>\S*",
            r"^(?:موظف|موظف بشري|إنسان|انسان|ممثل خدمة العملاء)(?: من فضلك| لو سمحت)?$",
            r"لا أريد (?:التحدث|الكلام) (?:مع|إلى) (?:روبوت|آلة|بوت)|اتصلوا بي|اتصل بي",
            r"<vyakti>.{0,10}(?:बात कर|बात करा|बात करवा|से बात|जोड़|चाहिए|कनेक्ट|ट्रांसफर|मिलवा|बुला|भेज)",
            r"(?:बॉट|रोबोट|मशीन) से (?:बात )?नहीं|(?:मुझे|कृपया) .{0,8}(?:कॉल|फोन|फ़ोन) (?:करें|करो|कीजिए|कर)",
        ],
        &[
            r"(?:何時|いつ|営業時間|受付時間|何曜日).*|.*(?:何時(?:から|まで|に)|営業時間|受付時間)",
            r"あなたは(?:人間|人|ロボット|ボット).*|話さ(?:ない|なく).*|人間ですか",
            r"(?:몇 ?시|언제|운영 ?시간|영업 ?시간|근무 ?시간).*|.*(?:몇 ?시|운영 ?시간|영업 ?시간|근무 ?시간).*",
            r"(?:당신은|너는?) ?(?:사람|로봇|봇).*",
            r"(?:во сколько|когда|часы работы|график|до скольки|с какого часа).*",
            r"(?:ты|вы) (?:человек|бот|робот|оператор).*|третьих? лиц.*|нужно ли .*",
            r"(?:ما هي|ما|متى|كم) .*|هل أنت .*|هل انت .*|शब्द",
            r"(?:कितने बजे|कब|किस समय|समय क्या).*|.*(?:कितने बजे|किस समय|कब तक).*|क्या आप .*",
        ],
    )
});

/// Whether `sentence` asks for a person in a language other than English and Chinese.
pub fn asked_for(sentence: &str) -> bool {
    let own_script =
        sentence.chars().any(|letter| matches!(letter, '\u{370}'..='\u{fff}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}'));
    (has_latin(sentence) && LATIN.heard(sentence)) || (own_script && OTHER_SCRIPTS.heard(sentence))
}
