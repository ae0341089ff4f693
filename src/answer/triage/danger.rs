//! Who is in danger, is being robbed, or threatens with law, press or a regulator: reports and threats, not questions about them.

use std::sync::LazyLock;

use super::rules::{Classes, Rules};
use super::spoken::{has_han, has_latin};

const CLASSES: Classes = &[
    ("gap", r"(?:[a-z0-9]+ ){0,4}?"),
    ("far", r"(?:[a-z0-9]+ ){0,7}?"),
    (
        "who",
        r"some ?one(?: else)?|some ?body(?: else)?|some1|sum1|sb|he|she|they|theyre|hes|shes|thie(?:f|ves)|hackers?|scammers?|
          fraudsters?|criminals?|a stranger|strangers|another person|(?:a|some) (?:guy|man|woman|person|hacker|scammer|thief|
          fraudster|caller|stranger)(?: (?:pretending|claiming|saying|posing|who said|from)(?: [a-z]+){1,6}?)?|my (?:ex|
          ex wife|ex husband|roommate|flatmate|brother|sister|son|daughter|boyfriend|girlfriend|neighbou?r|cousin|partner|
          husband|wife|colleague)",
    ),
    (
        "act",
        r"using|uses|used|stole|stolen|stealing|hacked|hacking|got (?:in|into|hold of|access)|gotten (?:in|into)|getting into|
          gets into|logged|logging|took over|taken over|taking over|making|made|ordering|ordered|buying|bought|spending|spent|
          placed|placing|opened|opening|drained|draining|emptied|emptying|changed|changing|accessed|accessing|charging|
          charged|cloned|broke into|broken into|impersonating|signed up|took out|taken out|transferring|transferred|paying|
          paid|shopping|took|withdrew|withdrawing|taking|hijacked",
    ),
    ("mine", r"my|me|mine|our|us"),
    ("law", r"lawyers?|attorneys?|solicitors?|barrister|legal (?:team|counsel|representative|advis[eo]r)"),
    (
        "watchdog",
        r"cfpb|bbb?|better business bureau|ftc|fca|fos|(?:financial |the )?ombudsm[ae]n|ombudswoman|regulators?|
          trading standards|attorney general(?:s office)?|consumer (?:protection|affairs|rights|council|watchdog|reports|
          ombudsman)|financial conduct(?: authority)?|bafin|afm|citizens advice|consumer financial[a-z ]*|authorities|
          data protection (?:authority|commissioner|officer)|ico|information commissioner",
    ),
    (
        "press",
        r"news ?papers?|press|media|social media|journalists?|reporters?|the news|tv|twitter|trustpilot|facebook|tiktok|
          reddit|instagram|local news|bbc|cnn",
    ),
    (
        "will",
        r"(?:i|ill|im|ive|id|we|weve|imma|gonna|lets)(?: (?:will|am|have|already|going|to|gonna|shall|must|might|may|intend|
          plan|want|need|would|like|be|just|about|ready|forced|prepared|also|really|definitely|immediately|now|then|soon|
          seriously|considering|thinking|of|on|swear|not|afraid|hesitate|no|choice|but|wont|think|personally))*|next (?:step|
          stop) is|(?:or|and|then) (?:ill|i)|or else",
    ),
];

static DISTRESS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"(?:kill(?:ing|ed)?|hurt(?:ing)?|harm(?:ing|ed)?|cut(?:ting)?|hang(?:ing)?|shoot(?:ing)?|drown(?:ing)?|
              poison(?:ing)?|starv(?:e|ing)) (?:my ?self|himself|herself|themselves|my ?self off)",
            r"(?:end(?:ing)?|take|taking) my (?:own )?life",
            r"(?:ending|end) (?:it|things)(?: (?:all|every|tonight|now|today|for|sometimes)|$)|end(?:ing)? it all",
            r"(?:want|wish|need) (?:it|this|everything|the pain) (?:all |just )?to (?:stop|end|be over)",
            r"end (?:it|things|everything) (?:tonight|today|now|for good|once and for all)|unalive|kms",
            r"suicidal",
            r"(?:i|im|me|of|about|attempt|commit|committing|considering|consider|my|contemplating|thoughts of|to) suicide",
            r"self harm(?:ing|ed)?|overdos(?:e|ed|ing) on",
            r"jump(?:ing)? (?:off|from|in front of) (?:a|the|my) (?:bridge|roof|train|building|balcony|window)",
            r"swallow(?:ed)? (?:all|a bottle|the whole|my) [a-z ]*pills",
            r"(?:dont|do not|no longer|cant|cannot|can not|not) (?:really |even |see (?:a|any) (?:reason|point) )?(?:want|
              wanna|wish|see (?:a|any) (?:reason|point)|deserve|feel like|know how) (?:to |in |for )?(?:(?:keep|go on|
              carry on|be) )?(?:live|living|be alive|alive|go on|going on|be here|exist|existing|wake up|waking up|
              continue living)(?: any ?more| like this)?",
            r"(?:want|wanna|going|ready|rather|wish i (?:was|were|could)|wanting|wish|hope i|hope to|about|just|like to|
              should just) (?:to )?(?:die|dead|be dead|disappear forever|end things|end my|never wake up|not exist|
              not be here any ?more|dying)(?: |$)",
            r"better off (?:dead|without me)|world would be better without",
            r"(?:cant|cannot|can not|dont think i can|dont know (?:how|if) i can|unable to) (?:go on|take (?:it|this|
              much more|any ?more)(?: any ?more| anymore| much longer)?|live like this|cope(?: any ?more| with this|
               like this)?|do (?:this|it) (?:any ?more|much longer)|carry on|keep going|bear (?:it|this)|breathe|stop crying|
              stop shaking|sleep (?:any ?more|at night|because)|eat or sleep)",
            r"(?:see|have|find) (?:no|any) (?:way (?:out|forward)|reason to (?:live|go on))",
            r"dont see a way (?:out|forward)",
            r"no (?:reason|point|will) (?:to|in) (?:live|living|going on|go on|being here|carry on|carrying on|continuing|
              anything any ?more)",
            r"life is(?:nt| not) worth|nothing (?:left )?to live for",
            r"(?:feel|see|there is|theres|there seems) (?:like )?(?:there(?: is|s) )?no (?:way out|hope|other way out)",
            r"(?:feel|feeling|am|im) (?:completely |totally |utterly |so |really |absolutely )?(?:hopeless|desperate and|
              worthless|at the end of my rope|at breaking point|broken)",
            r"(?:havent|have not|not|barely|hardly|cant|cannot|couldnt) (?:eaten|slept|eat|feed (?:my|the|our) (?:kids?|
              child[a-z]*|family|baby))(?: |$)",
            r"(?:kids?|children|baby|family) (?:have |has |is |are |will )?(?:nothing to eat|starving|going hungry|go hungry|
              no food)",
            r"panic attacks?|nervous breakdown|having a breakdown|mental breakdown|breaking down in tears",
            r"(?:im|i am|i was|been|keep|cant stop) (?:crying|in tears|sobbing|shaking)",
            r"(?:scared|terrified|afraid) (?:to (?:open|answer|go|leave|sleep)|of what i(?:ll| will| might)|for my life)",
            r"going to be (?:homeless|evicted)",
            r"(?:evicted|made homeless|losing my home|on the street) (?:because|tomorrow|today|over|this week)",
            r"at my wits end|(?:nobody|no ?one) (?:would|will|ll) (?:even )?miss me",
            r"(?:so|severely|deeply|really|very|clinically) depressed|cant live with (?:this|it|myself|the)",
            r"(?:dont|do not) feel safe (?:at home|here|with (?:him|her|my))",
            r"my (?:abusive|violent|controlling) (?:ex|husband|partner|wife|boyfriend|girlfriend|father|mother)(?: husband|
               wife| partner| boyfriend)? (?:can|is|has|found|knows|sees|keeps|will|got|still)",
            r"goodbye (?:forever|cruel)",
            r"(?:he|she|they|husband|wife|partner|boyfriend) (?:is )?(?:beats|beating|hitting) me",
            r"(?:he|she|they) (?:hits|beats|threatens|controls) me",
        ],
        &[
            r"(?:prices?|fees?|interest|costs?|shipping|suspense|rates?|wait|waiting) (?:is|are|was|were) killing (?:me|
              my [a-z]+)",
            r"dying (?:to|of laughter|for)|to die for|die of (?:laugh|boredom|embarrass)[a-z]*|over my dead body",
            r"(?:phone|battery|laptop|plant|car|order|app) (?:[a-z]+ )?(?:die|died|dead|dying)",
            r"(?:what|which|how|does|do|is|are|can|who|why|where) [a-z0-9 ]*(?:suicide (?:prevention|hotline|policy|rate|
              squad|statistics|clause|bombing|door|note|among)|self harm (?:policy|content|prevention))[a-z0-9 ]*",
            r"suicide (?:squad|doors?|clause|prevention)",
            r"(?:definition|history|causes|statistics|signs|symptoms) of [a-z ]*",
            r"(?:character|book|movie|film|song|poem|story|game|novel|sims) [a-z0-9 ]*",
            r"hurt myself (?:at|on|with|while|when|using|falling)|cut myself (?:on|with|shaving|while)",
            r"(?:harm|kill|cut|hurt) (?:a|the|any|other|some|python|process)[a-z0-9 ]*",
        ],
    )
});

static DISTRESS_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        CLASSES,
        &[
            r"自杀|轻生|寻短见|自残|不想再?活|不活了|活不下去|活够了",
            r"活着(?:没|还有什么|真|太|有什么|好)(?:意思|累|意义|劲|盼头)?|想死|去死的心|死了算了|不如死|死的心都有",
            r"(?:让|逼)我(?:去)?死|死给你|逼死|(?:去|要|想|准备|从)跳(?:楼|河|江|桥)",
            r"跳(?:楼|河|江|桥)(?:算了|死|自|$|[ 了给])|割腕|上吊|喝农药|吞(?:药|安眠药)",
            r"(?:站|坐|在)(?:在)?(?:楼顶|天台|桥上|阳台边)|结束(?:自己|生命|这一切|我的生命)|了结自己|一了百了|没有?活路",
            r"遗书|同归于尽",
            r"崩溃|撑不(?:下去|住)|坚持不(?:下去|住)|熬不(?:下去|住)|没法活|活不成|走投无路|绝望|抑郁",
            r"(?:几天|好几天|整夜|天天|每天)(?:没睡|睡不着|失眠|哭|以泪洗面|没吃)|没饭吃|吃不上饭|吃不起饭|揭不开锅",
            r"一直(?:在)?哭|快(?:要)?疯了|精神(?:出问题|失常|恍惚)|被家暴|家暴",
            r"(?:老公|丈夫|男友|他|前夫)(?:打我|动手打|威胁我)|不敢(?:出门|接电话|回家)|害怕得|生不如死",
        ],
        &[
            r"(?:笑|累|热|困|饿|冷|忙|气|烦|急|美|吓|丑|难看|好吃|香|萌|可爱|便宜|羡慕|爱|困|堵|穷|笑|无聊)(?:得)?(?:想死|死)",
            r"(?:系统|网站|网页|app|页面|服务器|程序|软件|手机|电脑|游戏)(?:又|总是|一直|老是|老)?崩溃|防(?:自杀|抑郁)",
            r"抑郁(?:症药|测试|量表)|(?:什么|哪些|怎么).{0,4}(?:算)?家暴|绝望的?(?:主妇|电影|小说)|《.{1,10}》",
        ],
    )
});

/// Fraud and break-ins, as something that has happened or is happening to the customer.
static REPORTS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"<who> (?:is |are |was |were |has |have |had |s |just |keeps? |must have |may have |might have |mightve |still |
              been |already |also |now |currently |literally |probably |apparently |possibly |seems to have |seems to be |
              somehow |actually |in [a-z]+ )*<act> <far>(?:<mine> |<mine>$)(?:[a-z]+ )?(?:account|card|cards|details|name|
              identity|login|log ?in|password|email|e mail|credit|bank|money|savings|funds|wallet|phone|number|data|ssn|
              address|profile|info|information|kestrow|paypal|balance|limit|pin|stuff|app)",
            r"<who> (?:is |are |was |were |has |have |just |keeps? |must have |may have |might have )+(?:logged|logging|
              signed|got|getting|inside|in|into|hacked|gotten|broken|broke) (?:in ?to|into|in) <mine>",
            r"(?:there is |theres )(?:someone|somebody|a stranger|a hacker|another person) (?:inside|in|on|using|
              logged into) <mine>",
            r"(?:charged|used|debited|emptied|drained|accessed|opened|hacked|taken|stolen) (?:[a-z]+ ){0,4}?by (?:a |an |
              some )?(?:stranger|hacker|thief|scammer|fraudster|criminal|someone|somebody)",
            r"<who> (?:is |are |has |just )?(?:impersonating|pretending to be) me",
            r"(?:my|our) (?:[a-z]+ )?(?:account|cards?|phone|identity|details|login|password|e ?mail|wallet|purse|data|number|
              information|pin|debit|credit|paypal|profile)(?: (?:number|details|card|info|address|account|
              on [a-z ]{2,20}))? (?:has |have |was |were |is |are |got |had |just |been |being |apparently |probably |
              must have |may have |might have |seems |to )+(?:been |being |just |to |recently |be |have )*(?:hacked|
              compromised|taken over|cloned|breached|used by|used (?:in|without|to|somewhere|for something)|hijacked|
              broken into|skimmed|leaked|stolen|fraudulently|locked by (?:a )?hacker)",
            r"(?:im|i am|i was|i got|i have been|ive been|ive just been|i just got|i have just been|we were|weve been|
              were being|i think i was|i think ive been|i think i have been|i may have been|i might have been|being|
              i think im being|i believe ive been|help|just got|got) (?:being |just |been |nearly )*(?:scammed|defrauded|
              blackmailed|extorted|robbed|hacked|phished|hijacked|mugged|threatened|stalked|harassed|bullied|intimidated|
              tricked into|conned|sim ?swapped)",
            r"my (?:[a-z]+ ){1,2}(?:was|were|got|has been|have been|is being|just got) (?:just |nearly )?(?:scammed|defrauded|
              blackmailed|robbed|hacked|tricked|conned|phished)",
            r"(?:stole|stolen|hacked|cloned|drained|emptied|hijacked) (?:my|our) (?:identity|cards?|phone|wallet|account|
              money|purse|bag|bank|savings|debit|credit|data|password|e ?mail)",
            r"(?:victim of (?:identity|fraud|a scam|a fraud|theft|phishing|card)|identity (?:theft|thief) (?:has|is|and|on my|
              against|happened))",
            r"stolen identity",
            r"(?:i|we) (?:didnt|did not|never|havent|have not|dont|do not) (?:[a-z]+ )?(?:make|made|place|placed|
              authori[sz]ed?|approve|approved|recogni[sz]e) (?:this|that|these|those|the|any|
              an?) (?:[a-z0-9]+ ){0,2}?(?:charges?|transactions?|purchases?|orders?|payments?|withdrawals?|logins?|debits?)",
            r"(?:fraud|fraudulent|unauthori[sz]ed|scam|unknown|suspicious|strange|unrecogni[sz]ed|
              dodgy) (?:[a-z]+ ){0,4}?(?:right now|happening|in progress|on my|in my|from my|as we speak|with my|to my|
              under my|using my|against my|through my)",
            r"(?:charges?|transactions?|purchases?|orders?|payments?|withdrawals?|logins?|debits?) (?:[a-z0-9]+ ){0,5}?(?:i|
              we) (?:didnt|did not|never|havent|dont|do not|wasnt|know nothing) ?(?:even |actually |ever )?(?:make|made|place|
              placed|authori[sz]ed?|recogni[sz]e|approved?|do|did|know|order|ordered|about|request|sign|initiate)",
            r"(?:i |ive |i have |i just |just )(?:just |already |accidentally |stupidly |unfortunately |now )*(?:gave|given|
              told|sent|entered|typed|shared|clicked|provided|read out|transferred|handed|paid|forwarded|
              wired) (?:[a-z0-9]+ ){0,12}?(?:scammers?|fraudsters?|fake|phishing|suspicious link|hacker|(?:my|the|
              a) (?:password|pin|code|verification code|one time (?:code|password)|card (?:number|details)|bank details|otp|
              passcode|login|security code)(?: to| in| and| over|$))(?:[a-z0-9 ]*)",
            r"(?:logging in|withdrawing|spending|buying|ordering|taking|transferring|
              draining) (?:[a-z0-9]+ ){0,5}?(?:right now|as we speak|at this (?:very )?moment|this very (?:minute|moment|
              second))",
            r"(?:freeze|block|lock|stop) (?:my|the) (?:account|card|payment|cards|order) (?:[a-z0-9]+ ){0,5}?(?:hacked|stolen|
              fraud|scam|someone|not me|wasnt me|thief|immediately|right now)",
            r"(?:it |that |this )(?:wasnt|was not|isnt|is not) me (?:who|that|making|ordering|buying|logging)",
            r"(?:wasnt|was not|isnt|is not|not) me$|its (?:been |just been )?(?:stolen|hacked|cloned)",
            r"(?:money|funds|cash|savings) (?:is |are |has |have |was |were |just |been |being )+(?:stolen|taken|disappearing|
              drained|gone|siphoned|vanish[a-z]*)",
            // hurt by a product, or in danger now
            r"(?:it|charger|battery|phone|product|toaster|kettle|heater|device|blender|lamp|laptop|[a-z]+ (?:i|we) (?:bought|
              ordered)|[a-z]+ you (?:sold|sent)[a-z ]*) (?:just |has |is |has just |suddenly |nearly |almost )*(?:caught fire|
              exploded|exploding|on fire|smoking|burst into flames|blew up|electrocuted me|gave me an electric shock|
              burn(?:ed|t) (?:me|my)|sparking)",
            r"(?:im|i am|we are|hes|shes|my (?:kid|child|son|daughter|baby|husband|wife)) (?:is |was |just |has |badly |got |
              been )*(?:injured|hurt|bleeding|burn(?:ed|t)|electrocuted|poisoned|unconscious|not breathing|having a (?:stroke|
              seizure|heart attack)|swallowed|choking) ?(?:by|from|because|a|the|after|on|$)",
            r"(?:smoke|sparks|flames|a burning smell) (?:is |are |was |were )?(?:coming|came|pouring)",
            r"(?:forced|forcing|forces|coerced|coercing|pressur(?:ed|ing)) me (?:to|into) (?:buy|take|sign|pay|order|open|
              send|buying|taking|signing|paying|ordering|opening|sending)",
            r"(?:caller|someone|somebody|man|woman|guy|he|she|they)(?: [a-z]+){0,5} (?:asking|asks|wants|demands?|demanding|
              telling) (?:me )?(?:for|to|me)(?: [a-z]+){0,5} (?:code|password|pin|gift cards?|otp|remote access|anydesk|
              teamviewer)",
            r"(?:that|just|has|suddenly|nearly|almost) (?:exploded|caught fire|burst into flames)",
            r"call (?:an ambulance|911|999|112)|gave (?:me|my [a-z]+|him|her|us) an? (?:electric )?shock",
            r"made (?:me|my [a-z]+|us|him|her) (?:very |really |so )?(?:ill|sick)",
            r"(?:is|are|am|was|ended up|landed) in (?:the )?(?:hospital|a&e|er)(?: because| after| from|$)",
            r"(?:food|allergic) poisoning|allergic reaction (?:to|from|after)",
            r"(?:threatening|stalking|following|harassing|blackmailing|extorting) (?:me|us|my family|my (?:wife|husband|
              children|kids|mother|parents))",
            r"<who> (?:is |are |keeps? |has |have |was )+(?:threatening|stalking|harassing|blackmailing) ",
            r"threat(?:s|ened)? (?:to (?:kill|hurt|beat|come to)|against) (?:me|my|us)",
            r"(?:i am|im|ive been|i was|we are) (?:a |in a )?(?:victim of|fleeing|escaping|suffering|in) (?:domestic|
              an abusive|abuse|violence)[a-z ]*",
            r"(?:im|i am|feel) (?:in danger|not safe|unsafe|not safe at home)|this is an emergency",
            r"your (?:driver|courier|agent|staff|employee|collector)s? (?:[a-z]+ )?(?:hit|assaulted|attacked|threatened|
              groped|touched|harassed|robbed|stole from) (?:me|my|us)",
            r"you (?:leaked|sold|exposed|shared|gave away|gave) my (?:data|details|information|personal|number|address|phone|
              private)[a-z ]*",
            r"(?:data|privacy) (?:breach|violation)(?: on| of| by|$)",
            r"this is an? (?:privacy|data protection|security|gdpr) (?:issue|violation|breach|matter|problem)",
        ],
        &[
            // supposed, feared or asked about in general
            r"(?:what (?:happens|do i do|should i do|can i do|would happen|will happen|are my rights|steps|to do|if)|
              how (?:do|can|would|will|does|should|could|to|likely|often|are|is)|if|in case|suppose|supposing|imagine|
              assuming|whether|unless|in the event|let us say|lets say|who (?:pays|is liable|covers|is responsible)|
              am i (?:liable|covered|responsible|protected)|do i (?:have to|need to)|does (?:it|the|your|my|insurance)|
              is (?:it|there|the|this|that|my|any) |are (?:there|you|we|they|purchases)|can (?:someone|somebody|a|anyone|
              people|thieves|hackers|you|i|they|scammers)|could (?:someone|somebody|a|anyone|you|i|they)|will (?:you|i|the|my|
              someone)|do you|would (?:you|i|someone)|where (?:do|can|to)|when (?:should|do|does|can|is)|when someone|which|
              tell me (?:about|how|what)|explain|difference between|meaning of|define|definition)(?: [a-z0-9#$%]+)*",
            r"(?:neighbou?rs?|friends?|colleagues?|coworkers?|aunt|uncle|grandma|grandpa|mates?|people|news|article|movie|
              film|book|story|game) (?:[a-z]+ ){0,2}?(?:says?|said|told|claims?|claimed|reckons?|thinks?|heard|was|about|got|
              had|where|in which)[a-z0-9 ]*",
            r"(?:no|not|never|nobody|havent been|hasnt been|wasnt) (?:been )?(?:hacked|scammed|stolen)",
            r"(?:worried|afraid|scared|concerned|fear|anxious) (?:about|of|that) (?:being |getting |identity |
              someone )?(?:hacked|scammed|theft|fraud|might|may|could)[a-z ]*",
        ],
    )
});

/// Threats against us: law, regulators, press, violence.
static THREATS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"(?:my|our) <law>(?:s)?(?: (?:[a-z]+ ){0,4}?)?(?:will|would|ll|is|are|has|have|letter|contact|contacting|hear|
              touch|involved|advis[a-z]+|sending|sue|writing|already|knows?|shall|can|be)",
            r"(?:talk|speak|spoke|spoken|speaking|talking|going|go|gone|call|calling|called|get|getting|got|contact|
              contacting|contacted|hire|hiring|hired|see|seeing|instruct[a-z]*|engag[a-z]+|retain[a-z]*|consult[a-z]*|
              hear(?:ing)? from|bring(?:ing)?(?: in)?|involv[a-z]+|have|through|to|pass(?:ing)? this to|
              forward(?:ing)? this to|with) (?:to |with |from |in touch with |on to )?(?:my|our) <law>",
            r"(?:<will>|ive|i have|i) (?:[a-z]+ )?(?:get|getting|got|hire|hiring|hired|call|calling|contact|contacting|see|
              seeing|find|finding|speak to|talk to|talking to|speaking to|spoken to|consult|consulting|engage|involve|
              involving) (?:an?|the) <law>",
            r"lawyer(?:ing|ed)? up",
            r"(?:you|youll|you will|will) (?:be |will )?(?:hear|hearing) from (?:my|our|a|the|an) (?:<law>|<watchdog>|
              [a-z ]{0,16}ombudsman)",
            r"(?:<will>|i|we|and|or|ill|then|just|gonna|let|lets|could|should) (?:[a-z]+ ){0,2}?(?:sue|suing) (?:the |every |
              each |all of |both )?(?:you|u|kestrow|this|them|ur|your|ya|one|yall|everyone|company|shop|store|bank)(?: |$)",
            r"sue (?:you|u|your)(?: |$)",
            r"(?:take|taking|took|drag|dragging|bring|bringing|see|seeing|meet) (?:you|u|this|kestrow|them|it|your [a-z]+|
              my case|the matter|the case)(?: guys| lot| people| all| company)* (?:all )?(?:to|in|before) (?:the |a |
              small )?(?:\w+ )?(?:court|claims|tribunal|judge)",
            r"(?:see|meet) (?:you |each other )?in court",
            r"(?:youll|you will|you can|expect|im filing|i am filing|i will file|ill file|and) (?:be (?:getting|served|
              receiving) |expect )?(?:with )?(?:an? |the )(?:summons|writ|law ?suit|court (?:order|summons|claim))",
            r"(?:record(?:ing|ed)?|keep(?:ing)?|sav(?:e|ing)|screenshots?|evidence) (?:[a-z]+ ){0,4}?for (?:the|
              my) (?:tribunal|judge|court|ombudsman|lawyer|solicitor)",
            r"(?:<will>|ill|i will|going to) (?:[a-z]+ )?(?:pursue|start|begin|initiate|seek|take|launch|consider|considering|
              taking|pursuing|starting|seeking|bring|press|pressing|file|filing|lodge|filed) (?:[a-z]+ )?(?:legal (?:action|
              proceedings|advice|steps|measures|claim)|charges|(?:an? )?(?:law ?suit|suit|small claims|court|
              claim against you|police report|criminal complaint))",
            r"(?:taking|pursuing|starting|considering|seeking|initiating|preparing) (?:legal (?:action|proceedings|advice|
              steps))",
            r"legal action (?:against|will|is|unless|to be)|(?:without|no) (?:further )?delay or legal",
            r"(?:join|joining|start|starting|file) a class action|class action (?:law ?suit )?(?:against|is)",
            r"(?:small claims|the court|court) (?:[a-z]+ )?(?:paperwork|filing|claim) (?:is|has|will)",
            r"(?:this is|its) (?:illegal|against the law|theft|fraud|robbery|a crime|criminal|harassment|daylight robbery|
              unlawful|discrimination)(?: (?:and|what|you|i|from|by|now)|$)",
            r"you (?:are|guys are|people are|have) (?:breaking the law|breached|committing (?:a )?(?:fraud|crime|theft)|
              stealing (?:my|from)|scamming (?:me|people|us)|defrauding|harassing me|robbing me|stolen my|robbed me)",
            r"you (?:stole|robbed|scammed|defrauded|cheated) (?:me|my|us|from)",
            r"(?:<will>|i|ill|then|or|and|next|lets|just|guess ill|will be|time to) (?:[a-z]+ ){0,2}?(?:(?:report|complain|
              fil|go|tak|writ|contact|call|escalat|refer|inform|notify|lodg|involv|rais|post|tell|expos|send|forward|
              alert)(?:e|ed|ing|en)?|wrote|gone|written) <far>(?:<watchdog>)",
            r"<will> (?:[a-z]+ ){0,2}?(?:(?:report|fil|go|tak|contact|call|inform|notify|involv|tell|alert)(?:e|
              ing)?) <far>(?:police|cops)",
            r"(?:<will>|ill|then|or|gonna) (?:[a-z]+ ){0,2}?(?:go|going|take|taking|report|call|calling|contact|contacting|
              write|tell|telling|post|posting|expose|exposing|talk|speak|send|share|put|leave|leaving|warn|warning|
              blast) <far>(?:to the |the |on |all over |in |to |with )(?:<press>)",
            r"(?:<watchdog>) (?:[a-z]+ )?(?:will|is going to|are going to|has been|have been|already|
              knows?) (?:[a-z]+ )?(?:hear|know|told|informed|notified|contacted|involved|investigat[a-z]+|about|be)",
            r"(?:expect|await|wait for|receive|get) (?:a |an |the )?(?:letter|call|lawsuit|summons|claim|visit|
              writ) from (?:my|our|a|the) ",
            r"hear(?:ing)? from (?:the )?(?:<watchdog>|police|[a-z]+ ombudsman)",
            r"(?:report|reporting|complain about|expose) (?:you|kestrow|your company|u|this company|yall|you guys) (?:to|on|
              all)",
            r"(?:the )?police (?:are|is|will be|have been) (?:here|involved|coming|called|informed|notified|next)",
            r"(?:<watchdog>|<press>|everyone|the world|all my followers) (?:will |is going to |to )?(?:hears?|knows?|
              finds? out|learns?) (?:about|of|what|how)",
            r"been reported to (?:the )?(?:<watchdog>|police|[a-z]+ council)|going public|name and shame",
            r"(?:called|call|calling|calling in|involve|involving|get|getting) the (?:police|cops|authorities)",
            r"(?:<will>) (?:[a-z]+ )?(?:come|coming|be|show|showing) (?:down |up |over |round )?(?:to|at|in) (?:your|ur|
              the kestrow) (?:office|offices|building|house|place|home|headquarters|hq|store)(?: |$)",
            r"(?:<will>|i could|i should|someone should) (?:[a-z]+ )?(?:bomb|shoot|stab|burn|kill|beat|punch|hurt|strangle|
              slap|smash|destroy|blow up|burn down|set fire to) (?:you|your|ur|u|all of you|everyone|yall|every one of you|
              the office|the place)(?: |$)",
            r"(?:know|found out|find out) where (?:you|your [a-z]+) (?:live|work|is|are)(?: |$)",
            r"you(?:ll| will| are going to|re going to| gonna| guys will| people will)? (?:pay for this|regret (?:this|it)|
              be sorry)",
            r"watch your back",
        ],
        &[
            r"(?:can|could|am|may|are|do|should|would|does|will|must) (?:i|you|we|customers|someone|they|my|kestrow|it|
              the) [a-z0-9 ]*",
            r"(?:how|where|which|what|when|who|why|whether)(?: [a-z0-9]+)*",
            r"(?:i am|im|as|being|work as|working as|i work for|studying to be|daughter is|son is|wife is|husband is) (?:an?|
              the|my) <law>[a-z0-9 ]*",
            r"(?:my|our|a|an) (?:lawyer|attorney|solicitor|neighbou?r|brother|sister|aunt|uncle)?s? ?(?:friend|friends|
              neighbou?r|colleague|cousin|aunt|uncle|brother|sister|father|mother|mate)s?(?: who is an? <law>)? (?:says?|said|
              told|thinks?|claims?|reckons?|believes?|is|was|works?|asked)[a-z0-9 ]*",
            r"<law>(?:s)? (?:friend|mate|fees?|bills?|office address|in the family)[a-z0-9 ]*",
            r"my (?:lawyer|attorney|solicitor) (?:friend|needs|wants|asked for|is asking|can)[a-z0-9 ]*",
            r"kill (?:a|an|the|all|your own|process|time|python|weeds)[a-z0-9 ]*",
            r"(?:police|crime) (?:report|reference) (?:number|needed|for|required)?|power of attorney",
            r"(?:sued|sue) (?:me|by)|(?:called up|jury|subpoena)[a-z0-9 ]*",
            r"social media (?:account|login|manager|team|marketing|page)s?",
        ],
    )
});

static DANGER_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[
            ("mine", r"我|俺|本人|咱|家里|爸|妈|老公|老婆|孩子|老人"),
            (
                "will",
                r"我要|我会|我就|我这就|我去|我现在|我马上|我直接|我已经|我可|我准备|我打算|我只能|我只好|我明天|我今天|就去|
                  就要|就打|就找|就上|就向|就给|就|马上|直接|这就|只能|只好|信不信|小心|否则|不然|要不然|再.{0,10}就|准备|
                  打算|必须|肯定|一定|明天|等着|已经|别怪我|别逼我|要|去|我",
            ),
            (
                "watchdog",
                r"1 ?2 ?3 ?1 ?5|1 ?2 ?3 ?7 ?8|1 ?2 ?3 ?4 ?5|1 ?2 ?3 ?6 ?3|96315|工商(?:局|所|部门|总局)?|消协|消费者协会|
                  消保委|银保监会?|金融监管(?:总局|局)?|监管(?:局|部门|机构)?|市场监督(?:管理)?局?|人民银行|央行|证监会|
                  网信办|工信部|信访|纪委|黑猫|聚投诉|有关部门|相关部门|互联网法院|邮政管理局|315",
            ),
            (
                "press",
                r"曝光|媒体|记者|电视台|上微博|发微博|发抖音|发小红书|上热搜|挂(?:到|在)?网上|发(?:到)?(?:网上|朋友圈|抖音|
                  微博|小红书|知乎)|焦点访谈|今日头条|网友评评",
            ),
        ],
        &[
            // fraud on the customer
            r"(?:盗刷|盗用|盗了|被盗|被黑|冒用|盗号)(?:了|走|$|.{0,6}(?:快|赶紧|马上|冻结|救|帮|怎么办|现在|正在|刚))",
            r"<mine>.{0,10}(?:被(?:别人|人|他人|陌生人|骗子)?(?:盗|骗|黑|冒用|刷走|刷了|转走|登录|登了|改了|套走|拿去用))",
            r"(?:钱|存款|余额|额度|积蓄).{0,4}(?:被|都|全|就)?(?:被)?(?:骗|转走|盗|刷走|没了|不见了|划走|偷|扣走)",
            r"(?:账号|账户|卡|号|手机|微信|身份证|银行卡).{0,3}被(?:别人|人|他人)?(?:盗|黑|冒用|刷|登|偷|拿)",
            r"(?:被|遭|遇到|碰到|中了?)(?:电信|网络|人)?(?:诈骗|骗子|骗)(?:了|分子|团伙|.{0,4}(?:钱|块|元|万))",
            r"被骗(?:了|走|去|$|[ ]|.{0,5}(?:钱|块|元|万|千))|我.{0,4}(?:受骗|上当)(?:了|$)",
            r"(?:验证码|密码|卡号|身份证).{0,6}(?:告诉|给|发给|报给|发)(?:了)?(?:他|她|对方|骗子|人家|别人|那个人|陌生人)",
            r"(?:有人|别人|陌生人|不知道谁|不认识的人|骗子|小偷|他们?|前男友|前女友|前夫|前妻|室友)(?:在|正在|正|刚刚?|偷偷|
              一直|已经|好像|又|居然)*(?:用|拿|盗|登|刷|冒|改|黑|偷|花|转|消费|下单).{0,8}(?:我|本人)",
            r"有人(?:在|正在|刚)?(?:登录?了?|盗了?|刷了?|盗刷|冒充|动了?|改了?)(?:我|本人)",
            r"不是我(?:本人|自己)?(?:买|下|操作|刷|付|借|登|申请|消费|签|弄|贷|点)",
            r"(?:我|本人)(?:根本|从来|压根|完全|都|并|自己|明明|真的)*(?:没有?|未|没)(?:有)?(?:买过?|下过?单|操作过?|申请过?|
              借过?|贷过?|消费过?|登录?过?|授权过?|用过|办过?|刷过?|签过?).{0,14}(?:冻|快|怎么|却|为什么|不是|扣|账单|订单|$)",
            r"(?:快|赶紧|马上|立刻|立即|紧急|请).{0,3}(?:冻结|锁定|挂失|止付).{0,5}(?:我|账|卡|号|$)",
            r"(?:账单|订单|贷款|借款|消费|交易|扣款).{0,8}(?:不是我|我(?:没|不知道|不认识|从没|根本))",
            r"不是我(?:$|[ 啊!呀])|(?:进|去|送)(?:了)?(?:医院|急诊|icu)",
            r"(?:异地|陌生|异常).{0,4}(?:登录|登陆|消费|扣款|下单).{0,6}(?:不是我|我没|怎么回事|快|冻)",
            r"(?:卡里|账户里?|余额|账上).{0,4}少了|有人在.{0,4}(?:下单|消费|登录|操作|买东西|花)",
            r"莫名其妙.{0,6}(?:扣|贷|欠|借|消费)",
            // safety and privacy
            r"(?:爆炸|起火|着火|自燃|冒烟|漏电|触电|烫伤|炸了|烧伤|中毒|食物中毒).{0,1}(?:了|$|.{0,5}(?:怎么|受伤|我|孩子|家|
              手|脸))",
            r"(?:孩子|老人|宝宝|我).{0,6}(?:受伤|烫伤|烧伤|触电|中毒|进医院|住院|过敏了|流血|误食|吞)(?:了|$)?|救命",
            r"(?:威胁|恐吓|骚扰|跟踪|勒索|敲诈|殴打|猥亵|打)(?:了|过)?(?:我|我们|我家|我爸|我妈|我老公|我老婆|我孩子)",
            r"(?:暴力|恶意|软暴力)催收|催收.{0,8}(?:骂|威胁|骚扰|恐吓|上门|(?:打|联系).{0,4}(?:我|家|爸|妈|单位|同事))",
            r"爆(?:我)?通讯录",
            r"(?:泄露|泄漏|卖|出卖|外泄|透露)(?:了)?(?:我|客户|用户|我们)(?:的)?(?:个人|隐私|信息|资料|电话|地址|手机|号码)",
            r"(?:信息|隐私|资料|电话|地址|号码|个人信息)(?:都|就|全|也|是不是)?(?:被|给)?(?:你们)?(?:泄露|泄漏|卖|外泄|
              透露)(?:了|出去|给|$)?",
            r"(?:电话|地址|信息|手机号).{0,8}(?:怎么会?|为什么会?|为啥)(?:被|有|让)?(?:别|其他|外|陌生|骗|
              人)(?:的)?.{0,6}(?:知道|拿到|有|晓得)",
            r"侵犯(?:了)?(?:我|个人)?的?(?:隐私|权益|个人)",
            // threats
            r"<will>.{0,6}(?:起诉|告(?:你|死|到|上|倒|贵司|他)|上法院|去法院|法院见|法庭|打官司|走法律|法律途径|法律程序|
              请律师|找律师|联系律师|咨询律师|发律师函|律师函|让律师|报警|报案|打110|打1 1 0|叫警察|找警察)",
            r"(?:起诉|告)你们?|法院(?:见|告)|法庭(?:上)?见|(?:我的?|我们|代理)律师(?:会|已|将|马上|要|联系|告诉我要|函)",
            r"等着(?:收)?(?:律师函|传票|法院|被告|吃官司)|(?:通过|用|拿起|走|采取|诉诸)法律(?:武器|手段|途径|程序|渠道)?",
            r"维权到底",
            r"(?:你们|你|这)(?:这样|这|就|样)?(?:做)?(?:是|属于|涉嫌|算)?(?:违法|犯法|犯罪|欺诈|诈骗|抢钱|抢劫)(?:的|行为|
              平台|公司|集团|$|[ 啊吧了])",
            r"(?:诈骗|骗钱|黑)(?:平台|公司|集团|团伙)",
            r"<will>.{0,8}(?:<watchdog>)",
            r"(?:打|拨打?|投诉到?|举报到?|找|去|向|上|反映到?|告到).{0,3}(?:<watchdog>)(?:了|投诉|举报|反映|告|$|去|见|说|
              说理)",
            r"(?:<watchdog>)(?:见|投诉你|告你|举报你|等着)|<will>.{0,8}(?:<press>)|曝光(?:你|你们|他)",
            r"(?:让|叫|找|通知).{0,3}(?:媒体|记者|电视台)",
            r"(?:弄死|打死|砍死|杀了|杀死|炸了?|烧了|砸了|捅死|整死|宰了)(?:你|你们|他们|公司|店|全家)",
            r"(?:去|到|上|来)你们?(?:公司|总部|办公室|店|门口|家)(?:闹|找|堵|拉横幅|砸|静坐|见|门口)|拉横幅",
            r"没完(?:$|[ !了])|(?:去|到)你们.{0,4}楼下|跟你们?(?:拼|没完|死磕|耗)|别怪我不客气|后果自负",
        ],
        &[
            r"(?:会不会|会|能|可以|可能|是否会?|要|需要|怕|担心|害怕)(?:不会|不能|不可以|不要|要)?(?:被|遭|去|
              先)?(?:你们)?(?:起诉|告上法院|报警|报案|被告|上法院|打官司|盗刷|盗|骗|泄露|泄漏|爆炸|起火|漏电)(?:吗|么|嘛|呢|
              的吗)",
            r"(?:会不会|会被|怕被|担心被|可能会?被?)(?:起诉|告上法院|盗刷|盗|骗|泄露|泄漏|爆炸|起火|漏电)",
            r"(?:如果|要是|万一|假如|假设|倘若|一旦|要不小心)[^\n]{0,16}?(?:盗|刷|骗|被|丢|偷|冒用|泄|爆炸|起火|着火|
              漏电)[^\n]*",
            r"(?:若|防止|预防|怎么防|如何防|防|避免|怎样防|小心|谨防|保证不|承诺不|不会|绝不|有没有|是否)[^\n]{0,8}(?:盗刷|
              盗用|被盗|诈骗|被骗|受骗|骗|冒用|泄露|泄漏|爆炸|起火|着火|漏电|威胁|暴力催收|催收|过敏|受伤)[^\n]{0,14}",
            r"(?:盗刷|盗用|被盗|诈骗|被骗|冒用|泄露|泄漏|报警|报案|起诉)(?:了)?(?:的话|的时候|之后.{0,3}流程|险|保障|赔付|
              理赔|处理|流程|一般|要多久|几天|多久|怎么(?:赔|处理|申请|报|定)|由谁|谁(?:赔|负责)|算谁|是什么|需要|能赔|可以赔|
              包赔|认定|材料|凭证|回执|证明|怎么定义|有(?:哪些|什么))[^\n]{0,14}",
            r"(?:以为|怀疑|听说|新闻|看到|别人说|邻居说|朋友说|同事说|群里|网上说|据说|有人说|都说|听人说)[^\n]{0,14}",
            r"诈骗(?:电话|短信|套路|手段|案例|信息)[^\n]{0,4}|防诈(?:骗)?|反诈(?:骗)?(?:中心|app)?",
            r"(?:什么|哪些|哪种|怎么)(?:样)?(?:情况|行为)?.{0,3}(?:算|属于|是)(?:盗刷|诈骗|欺诈|违法|违约)",
            r"律师(?:事务所|费|证|行业|资格|证明)",
            r"(?:我|她|他|老公|老婆|朋友|舅舅|爸|妈|哥|姐)(?:是|做|当)(?:一名|个|的)?律师[^\n]{0,10}",
            r"律师函(?:是什么|怎么|长什么|要多少)|(?:自|互|社交|新|多)媒体|媒体(?:合作|采访|账号|库|文件|播放|推荐)",
            r"(?:投诉|举报|报案|报警|起诉|曝光)(?:入口|渠道|流程|电话|方式|邮箱|热线|按钮|功能|材料|凭证|回执|单|记录|结果|
              期限|时效|要多久|多久|需要多久|几天|怎么|在哪|去哪|找谁|后多久|处理|会|能|有用|有效|进度|编号|条件|要什么|
              需要)[^\n]{0,10}",
            r"(?:怎么|如何|怎样|在哪|哪里|去哪|到哪|向谁|找谁|能不能|可不可以|可以|是否可以|能否|想问|请问|咨询)(?:一下|下|
              才能|可以|能|去|向.{1,6})?.{0,2}(?:投诉|举报|报案|报警|起诉|挂失|冻结)(?:商家|你们|卖家|快递|客服|他们|对方|
              账户|账号|卡)?(?:吗|么|呢|$| |的)",
            r"(?:差评)(?:怎么|能|可以|会|有|对|影响|率|是|了怎么)[^\n]{0,6}|可以(?:起诉|告)[^\n]{0,6}(?:吗|么)",
            r"(?:你们|平台|公司)(?:会|要|真的会|可能|准备)?(?:不会)?(?:去|来)?(?:起诉|告|报警|报案|上门|曝光|找律师)",
            r"(?:被|会被)(?:你们|平台|银行|公司)?(?:起诉|告|曝光|投诉|举报)|曝光(?:度|时间|量|补偿|率|功能)",
            r"(?:相机|照片|摄影|手动|自动|长|双重|过度|二次).{0,3}曝光|(?:报警器|火警|警报|工商银行|工商户|工商注册)",
        ],
    )
});

/// Whether the customer is in need as a human being.
pub fn distressed(sentence: &str) -> Option<String> {
    let in_words = has_latin(sentence).then(|| DISTRESS.words(sentence)).flatten();
    in_words.or_else(|| has_han(sentence).then(|| DISTRESS_ZH.words(sentence)).flatten())
}

/// Whether fraud or danger is happening to the customer, or the customer threatens.
pub fn dangerous(sentence: &str) -> Option<String> {
    let in_words = has_latin(sentence).then(|| REPORTS.words(sentence).or_else(|| THREATS.words(sentence))).flatten();
    in_words.or_else(|| has_han(sentence).then(|| DANGER_ZH.words(sentence)).flatten())
}
