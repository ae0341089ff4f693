//! What can be told from the words alone, in microseconds and without a model: who wants a person, who needs one, who only
//! says hello.
//!
//! This path must work when everything else is down, so it is made of patterns and nothing else.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use unicode_normalization::UnicodeNormalization;

use super::contract::Reason;

/// What the words alone say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Triage {
    /// A person must take over, for this reason, whatever the policies say.
    pub escalate: Option<Reason>,
    /// A person should be offered beside any answer.
    pub offer: Option<Reason>,
    /// No question: a greeting, thanks, a goodbye, "are you a bot?".
    pub small_talk: Option<SmallTalk>,
    /// How the customer sounds.
    pub mood: Mood,
}

/// Sentences that want a friendly word, not a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmallTalk {
    /// Hello.
    Greeting,
    /// Thank you.
    Thanks,
    /// Goodbye.
    Goodbye,
    /// Are you a machine?
    WhoAreYou,
}

/// How the customer sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// As usual.
    #[default]
    Calm,
    /// Angry or worried.
    Upset,
    /// In need of help as a person.
    Distressed,
}

impl Mood {
    /// The word hand-offs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Upset => "upset",
            Self::Distressed => "distressed",
        }
    }
}

/// Reads `text` for what needs no policy.
pub fn triage(text: &str) -> Triage {
    let spoken = normalize(text);
    let mood = mood_of(text, &spoken);
    let escalate = if DISTRESS.is_match(&spoken) {
        Some(Reason::Distress)
    } else if asks_for_person(&spoken) {
        Some(Reason::UserRequest)
    } else if DANGER_OR_LAW.is_match(&spoken) {
        Some(Reason::SafetyOrLegal)
    } else if FED_UP.is_match(&spoken) {
        Some(Reason::UserRequest)
    } else {
        None
    };
    let offer = if INJECTION.is_match(&spoken) {
        Some(Reason::Injection)
    } else if ACTION.is_match(&spoken) {
        Some(Reason::ActionRequired)
    } else {
        None
    };
    let mood = if escalate == Some(Reason::Distress) { Mood::Distressed } else { mood };
    Triage { escalate, offer, small_talk: if escalate.is_none() { small_talk(&spoken) } else { None }, mood }
}

/// Lowercase, full-width forms folded, apostrophes straight or gone, runs of space single.
fn normalize(text: &str) -> String {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).map(|c| if matches!(c, '’' | '‘' | '`' | '´') { '\'' } else { c }).collect();
    let folded = folded.replace("n't", "nt").replace("'m", "m").replace("'d", "d").replace("'ll", "ll").replace("'ve", "ve").replace("'re", "re");
    folded.replace('\'', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn set(patterns: &[&str]) -> RegexSet {
    RegexSet::new(patterns).expect("patterns are constants, tested below")
}

/// People a customer may ask for.
const PERSON: &str = r"(?:humans?|(?:real |live |actual |human |proper )+(?:people|persons?|agents?|human beings?|beings?|advis[oe]rs?|reps?|operators?|someone|somebody|one|man|woman|staff|employees?|support)|persons?|people|agents?|representatives?|reps?|operators?|advis[oe]rs?|managers?|supervisors?|human beings?|customer (?:service|support|care)|staff(?: member)?|team ?members?|(?:member|someone|somebody) (?:of|from|in|on) (?:the |your )?(?:staff|team|support|customer service)|colleagues?|support (?:team|person|agent|staff)|superior|boss|case ?worker|employee|call ?cent(?:er|re))";

static ASKS: LazyLock<RegexSet> = LazyLock::new(|| {
    let person = PERSON;
    set(&[
        // "I want to speak to a human", "can someone real talk to me"
        &format!(r"\b(?:speak|spk|talk|tlk|chat|connect(?:ed)?|transfer(?:red)?|put (?:me )?(?:through|on)|pass (?:me )?(?:on|over)?|forward(?:ed)?|escalate(?:d)?|redirect(?:ed)?|switch|direct) (?:\w+ ){{0,5}}?{person}\b"),
        r"\b(?:speak|talk|chat) (?:directly )?(?:to|with) (?:someone|somebody|anyone|anybody|a man|a woman|a guy)\b",
        r"\b(?:connect|transfer|put) me (?:through )?(?:to|with|on to) (?:someone|somebody|anyone|a )",
        &format!(r"\b(?:want|need|get|give|gimme|have|find|prefer|like|demand|request(?:ing)?|require|see|reach|bring|fetch|send|hand me(?: over)? to|call(?:ing)?|let me|looking for|insist on) (?:me |us )?(?:to (?:speak|talk|chat|get|see|have) (?:to |with )?)?(?:an? |the |your |some |any |my )?(?:\w+ )?{HUMAN}\b"),
        r"\b(?:is|are) there (?:an?y? |any )?(?:real |live |actual )?(?:human|person|people|agent|one real|body real|one human|one alive|one (?:there )?i can (?:call|talk|speak|ring|phone)|body i can (?:call|talk|speak|ring|phone))",
        r"\b(?:can|could|may|will|would) (?:a|an|some|any|the)? ?(?:real |live |actual )?(?:human|person|agent|someone real|somebody real|representative|rep|manager|supervisor|operator|adviser|advisor)\b.{0,20}\b(?:help|call|contact|look|deal|take|handle|reply|answer|ring|phone|step|review|get back)",
        r"\b(?:can|could|will|would|please) (?:someone|somebody|anyone) (?:please )?(?:call|ring|phone) me\b",
        r"\b(?:call|ring|phone) me (?:back|please|now|asap|on)\b|^call me\b|\bcall ?back please\b|\b(?:want|need|request) a (?:call ?back|phone call)\b",
        r"\b(?:dont|do not|not|never|no longer|stop|rather not|tired of|sick of|done|fed up) (?:\w+ ){0,4}?(?:talk(?:ing)?|speak(?:ing)?|chat(?:ting)?|deal(?:ing)?) (?:to|with) (?:an? |this |the |your |some )?(?:stupid |dumb |useless |bloody |damn )?(?:ro)?(?:bots?|machines?|computers?|ai|chat ?bots?|automated|program)\b",
        r"\b(?:no|not an?|without an?|instead of an?|stop (?:with )?(?:the|giving me|sending me)) (?:more )?(?:stupid |dumb |canned |automated )?(?:ro)?(?:bots?|chat ?bots?|ai|machines?)\b(?: (?:answers?|repl\w+|responses?|messages?|talk))?",
        r"\b(?:real|live|actual) (?:human|person|people|agent|someone)\b.{0,12}(?:please|pls|plz|now|asap|!|$)",
        r"\bhuman (?:help|support|assistance|agent|being|please|pls|plz|now|contact|operator|advis[eo]r|representative)\b",
        r"^(?:an? |the |just |only )*(?:human|agent|representative|operator|manager|supervisor|real person|live agent|person|live chat|customer service|customer support|rep)s?(?:[ ,.!?]*(?:please|pls|plz|now|asap|help|chat|support|ffs|thanks|thank you|today|already|here|immediately|this instant))*[ .!?]*$",
        r"\bescalate (?:this|it|my|the|me)\b|\b(?:hand|pass) (?:this|me|it) (?:over |on )?to (?:an?|the|your|some)",
        // Chinese: ask for a person
        r"(?:转|接|找|叫|换|要|请|来|给我?|联系|呼叫|进|上|切换?|有|连|帮.{0,3}(?:转|接)).{0,4}(?:人工|真人|活人|专员|坐席|客服人员|客服(?:小姐姐|小哥|经理|主管|专员|代表|妹妹|姐姐)|工作人员|主管|经理|领导|负责人)",
        r"^(?:人工|真人|活人)(?:客服|服务|坐席)?[呢吗吧啊呀!！。.?？~～ ]*$|(?:人工|真人|活人)(?:客服|服务|坐席)?.{0,3}(?:在吗|在不在|在哪|呢$|快|处理|接待|回复|回答|说话|出来|来一下|来处理|接听|解决)",
        r"(?:和|跟|与|同|让|叫|换).{0,4}(?:真人|活人|人工|人|经理|主管|领导|专员)(?:客服)?.{0,3}(?:说|聊|谈|讲|对话|沟通|来|接|处理|回|联系我)",
        r"(?:不想|不要|别|不跟|懒得|拒绝|受够).{0,6}(?:机器人|ai|机器|智能客服)|(?:机器人|ai|智能客服)(?:滚|走开|闭嘴|别|没用)",
        r"(?:人工|真人|活人)(?:客服|服务|坐席)?$|zhuan ?ren ?gong|ren ?gong ?ke ?fu|(?:打电话|回电话|回电|来电)给我|给我(?:打|回)(?:个)?电话|(?:轉|找|叫|要|請|換).{0,3}(?:人工|真人|專員|客服人員|主管|經理)",
        // Other languages: the plain request
        r"\b(?:hablar|comunicarme|contactar|p[aá]same|atienda) .{0,16}(?:persona|humano|agente|representante|asesor|alguien|operador)|\b(?:agente|persona|asesor) (?:humano|real|humana)\b|quiero un (?:humano|agente)",
        r"\b(?:mit|an) (?:einem|einer|nem|ner|jemandem)? ?(?:echten |richtigen )?(?:menschen|mitarbeiter\w*|berater\w*|person|kundenberater\w*|sachbearbeiter\w*) .{0,20}(?:sprechen|reden|verbinden|chatten|weiterleiten)|\b(?:echten?|richtigen?) (?:mensch|person|mitarbeiter)\w*|menschlichen? (?:mitarbeiter|ansprechpartner)",
        r"\b(?:parler|discuter|[eé]changer|joindre|contacter) .{0,14}(?:humain|personne|conseiller|agent|op[eé]rateur|quelquun|vrai)|\b(?:conseiller|agent|personne|[eê]tre) (?:humaine?|r[eé]el(?:le)?)",
        r"\b(?:falar|conversar|atendimento) .{0,14}(?:pessoa|humano|atendente|algu[eé]m|agente)|\batendente humano|\b(?:parlare|parlar) .{0,14}(?:persona|umano|operatore|qualcuno|agente)|\boperatore umano",
        r"\b(?:met|spreken|praten) .{0,12}(?:mens|medewerker|persoon|iemand)\b.{0,12}(?:spreken|praten)?|\bechte? (?:mens|persoon|medewerker)\b|\b(?:prata|tala) .{0,8}(?:m[aä]nniska|person|n[aå]gon|medarbetare)|\brozmawia[cć] .{0,10}(?:cz[lł]owiek|konsultant|osob)|\b(?:ger[cç]ek|canl[ıi]) (?:bir )?(?:insan|ki[sş]i|temsilci|destek)|temsilciye ba[gğ]la",
        r"(?:人間|オペレーター|担当者|有人|スタッフ).{0,8}(?:話|つな|繋|対応|お願い|代わ|チャット)|(?:상담원|사람|담당자|직원).{0,8}(?:연결|통화|바꿔|이야기|상담|얘기)",
        r"(?:оператор|человек|сотрудник|менеджер|специалист)\w*.{0,14}(?:соедин|позов|переключ|поговор|говор|нуж|пожалуйста)|(?:соедин|позов|переключ|поговор|говор)\w*.{0,20}(?:оператор|человек|сотрудник|менеджер|специалист)|(?:موظف|شخص|إنسان|ممثل|بشري).{0,12}|(?:इंसान|व्यक्ति|एजेंट|प्रतिनिधि).{0,12}(?:बात|जोड़|चाहिए)",
    ])
});

/// The narrower list for loose verbs ("I need a …"), where "person" and "people" alone are too weak.
const HUMAN: &str = r"(?:humans?|human beings?|(?:real |live |actual )(?:person|people|one|agent|human|someone|rep)|person to (?:help|talk|speak|chat|look|call|sort|handle|deal|fix)|person (?:please|pls|plz|now|asap)|person$|agents?(?:$| (?:please|pls|plz|now|asap|to|on|who|here))|representatives?|operator|supervisor|managers?(?:$| (?:please|pls|plz|now|asap|to|on|here))|(?:an? )?(?:advis[eo]r|rep)$|human agent|someone (?:real|human|alive)|somebody (?:real|human|alive)|someone on the (?:phone|line)|person on the (?:phone|line)|people on the (?:phone|line))";

/// Words that look like a request for a person and are none.
static NOT_A_REQUEST: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^(?:wait )?(?:so )?(?:hi |hello |hey )?(?:are|r) (?:you|u) (?:an? )?(?:real |actual |live )?(?:human|person|bot|robot|machine|ai|agent|real)",
        r"^(?:am i|is this|is it|do i) (?:an? )?(?:talk(?:ing)?|speak(?:ing)?|chat(?:ting)?)? ?(?:to |with )?(?:an? )?(?:real |actual |live )?(?:human|person|bot|robot|machine|ai|agent)",
        r"你是.{0,4}(?:机器人|真人|人工|ai|活人)|人工(?:费|智能|成本|审核(?:要|需)?多久|客服.{0,6}(?:几点|上班|时间|工作时间|什么时候|多少|收费|几号))|(?:人工|客服).{0,4}(?:几点|上班时间|工作时间|营业时间)",
        r"\b(?:what|which|when) (?:are|is|r) (?:the |your )?(?:hours|opening|times)|\bwhat (?:time|hours|days) (?:can|do|are|is|does)|\b(?:what|which) hours\b",
        r"\b(?:third|another|other|same|different|each|per|one|first|second|young|old|disabled) (?:person|people)\b.{0,30}\b(?:account|card|use|pay|address|order)",
        r"\bhuman (?:error|resources|rights|hair)\b",
    ])
});

fn asks_for_person(spoken: &str) -> bool {
    let repaired = repair(spoken);
    let asks = |text: &str| ASKS.is_match(text) && !NOT_A_REQUEST.is_match(text);
    asks(spoken) || (repaired != spoken && asks(&repaired))
}

/// Words whose misspellings must not keep a customer from a person.
const REPAIRED: [&str; 14] = [
    "human", "person", "agent", "representative", "operator", "manager", "supervisor", "speak", "talk", "transfer", "connect", "someone", "customer", "please",
];

/// `spoken` with slips in the words that matter put right: "tlak to a humna" is "talk to a human".
fn repair(spoken: &str) -> String {
    let fix = |word: &str| -> String {
        let letters: String = word.chars().filter(|c| c.is_alphabetic()).collect();
        if letters.len() < 4 || !letters.is_ascii() || REPAIRED.contains(&letters.as_str()) || KEPT.contains(&letters.as_str()) {
            return word.to_owned();
        }
        REPAIRED
            .iter()
            .find(|meant| {
                let allowed = if meant.len() > 8 { 3 } else { 1 };
                meant.len().abs_diff(letters.len()) <= allowed && strsim::osa_distance(meant, &letters) <= allowed
            })
            .map_or_else(|| word.to_owned(), |meant| (*meant).to_owned())
    };
    spoken.split(' ').map(fix).collect::<Vec<_>>().join(" ")
}

/// Real words one letter away from those in [`REPAIRED`].
const KEPT: [&str; 24] = [
    "talks", "tall", "take", "tale", "tank", "task", "speaks", "spear", "humans", "humane", "persons", "agents", "agency", "urgent", "managers", "manage",
    "managed", "customers", "transfers", "connects", "walk", "balk", "pleased", "custom",
];

static DISTRESS: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"\b(?:kill(?:ing)?|hurt(?:ing)?|harm(?:ing)?|end(?:ing)?|cut(?:ting)?) (?:myself|my self|my ?life|it all)\b|\bsuicid\w*|\bself[ -]?harm",
        r"\b(?:dont|do not|no longer|cant|cannot|can not|not) (?:want|wanna|wish|see (?:a|any) (?:reason|point)) (?:to |in )?(?:live|living|be alive|go on|be here|exist|wake up)\b",
        r"\b(?:want|wanna|going|ready|rather|better off) (?:to )?(?:die|dead|be dead|end things)\b|\bbetter off (?:dead|without me)\b|\b(?:cant|cannot|can not) (?:go on|take (?:it|this) any ?more|live like this|cope any ?more|do this any ?more)\b|\bno (?:reason|point) (?:to|in) liv",
        r"\b(?:havent|have not|not|cant afford to) (?:eaten|eat|feed (?:my|the) (?:kids?|child\w*|family|baby))\b.{0,30}|\bpanic attack|\b(?:cant|cannot) (?:breathe|stop crying|cope)\b|\bnervous breakdown\b",
        r"自杀|自殺|轻生|輕生|不想活|活不下去|活着没意思|想死|去死的心|跳楼|割腕|崩溃了|撑不下去|没法活|活不成|走投无路",
    ])
});

static DANGER_OR_LAW: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        // fraud and break-ins, now
        r"\b(?:someone|somebody|some1|sb|he|she|they|thief|hacker|scammer|a stranger|people) (?:else )?(?:is |are |has |have |was |s |just |keeps? |must have )*(?:using|used|uses|stole|stolen|stealing|steals|hacked|hacking|got into|gotten into|gets into|getting into|logged into|logging into|logged in to|took over|taken over|taking over|making (?:purchases|orders|payments)|ordering|buying|spending|bought|placed|placing|opened|opening|drained|draining|emptied) .{0,24}\b(?:my|me|from|with|in|on)\b",
        r"\b(?:my )?(?:account|card|phone|identity|details|login|password|email) (?:has |have |was |were |is |are |got |just |been |being )+(?:been |being |just )*(?:hacked|stolen|compromised|taken over|cloned|breached|used by)\b",
        r"\b(?:im|i am|i was|i got|i have been|ive been|ive just been|getting|being|been) (?:being )?(?:scammed|defrauded|blackmailed|threatened|robbed|hacked|phished)\b|\bidentity theft\b|\b(?:stole|stolen) my (?:identity|card|phone|wallet)",
        r"\b(?:fraud|fraudulent|unauthori[sz]ed|scam) .{0,24}(?:right now|happening|in progress|on my account|as we speak|on my card)",
        // threats of law, press and regulators
        r"\b(?:my|our|an?|the) (?:lawyer|attorney|solicitor)s?\b.{0,30}(?:will|would|is|are|has|letter|contact|hear|touch|involved|says?|advis)|\b(?:talk|speak|spoke|spoken|going|go|call|calling|get|getting|contact|contacting|hire|hiring|see|instruct\w*|hear(?:ing)? from) (?:to |with |from |in touch with )?(?:my|an?|our) (?:lawyer|attorney|solicitor)s?\b|\blawyer(?:ing)? up\b",
        r"\b(?:sue|suing|sued) (?:you|u|your|kestrow|this|the|them|ur)\b|\b(?:take|taking|took|see) (?:you|u|this|kestrow|them|it) (?:guys |lot |people )?(?:all )?(?:to|in) (?:\w+ )?(?:court|small claims|tribunal)|\bsee you in court\b|\b(?:take|taking|pursue|pursuing|start|starting|begin|initiat\w+|consider\w*|threaten\w*|seek\w*) legal (?:action|proceedings|advice)|\blegal action (?:against|if|will)|\bclass action\b|\bsmall claims\b.{0,20}\b(?:file|filing|court|you|today)|\b(?:file|filing|filed) .{0,12}(?:lawsuit|suit|small claims)|\blawsuit\b",
        r"\b(?:report|reporting|reported|complain|complaining|complaint|file|filing|go|going|goes|take|taking|write|writing) .{0,24}\b(?:cfpb|bbb|ftc|fca|ombudsman|regulators?|trading standards|attorney general|authorities|consumer protection|financial conduct|newspaper|press|media|police)\b",
        r"\b(?:call|calling|called|contact|contacting|go|going|get|getting|involve|involving) (?:to |in )?the (?:police|cops|press|media|regulator|ombudsman|authorities)\b|\bpolice (?:are|is) (?:here|involved|coming)\b",
        r"\b(?:going to|gonna|will|ill|i will) (?:come|be) (?:down )?(?:to|at) your (?:office|building|house|place)|\b(?:bomb|shoot|kill|hurt|stab|burn) (?:you|your|u|all of you|the office|down)\b|\bdomestic (?:abuse|violence)\b|\b(?:threatening|stalking|following) me\b",
        // Chinese
        r"盗刷|盜刷|被盗(?:了|用|号)|被骗(?:了|钱)?|诈骗|詐騙|账号被(?:盗|人|别人)|帐号被|号被盗|冒用|有人(?:在|正在|正|刚)?(?:用|拿|盗|登|刷|冒).{0,6}我|不是我(?:本人)?(?:买|下|操作|刷|付|借)",
        r"(?:起诉|告你们|告到|上法院|法院见|法庭|打官司|律师函|我的?律师|找律师|请律师|联系律师|走法律|法律途径|报警|报案|110|12315|12378|12345|工商局|消协|消费者协会|银保监|金融监管|监管局|人民银行投诉|央行投诉|曝光|媒体|记者|黑猫投诉|信访|威胁我|暴力催收|骚扰我)",
    ])
});

static FED_UP: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"\b(?:useless|worthless|pointless|stupid|dumb|idiotic|pathetic|garbage|trash|rubbish|terrible|crap|shit|worst|fucking|bloody) (?:\w+ ){0,2}?(?:chat ?)?(?:bot|robot|machine|ai|assistant|program|software|automated)\b",
        r"\b(?:this|the|your|stupid) (?:chat ?)?(?:bot|robot|machine|ai|assistant)\b.{0,24}\b(?:useless|worthless|pointless|stupid|dumb|not help\w*|isnt help\w*|doesnt help|no help|cant help|never helps?|rubbish|garbage|trash|joke|going in circles|doesnt (?:understand|listen|get it)|keeps? (?:repeating|saying|giving|sending|asking))\b",
        r"\b(?:youre|you are|u are|ur|this is|thats|that is|you) (?:\w+ ){0,3}?(?:useless|no help|not helping|not helpful|no use|of no use|hopeless|a waste of time|wasting my time|going (?:round |around )?in circles)\b",
        r"\b(?:same|third|fourth|fifth|tenth|\d+(?:rd|th)?) (?:answer|reply|response|copy.?paste|time (?:i|ive|im|youve|asking|i have))\b.{0,40}",
        r"\bthat (?:did|does|is|was)(?:nt| not) (?:answer|help(?:ful)?|what i asked)\b|\b(?:didnt|doesnt|not|never) answer(?:ed|ing)? my (?:question|problem)|\b(?:you|u) (?:keep|just keep) (?:repeating|saying|sending|giving|asking)\b|\bnobody (?:is )?(?:help\w*|answer\w*|listen\w*|car\w+)|\bno ?(?:one|body) (?:will |ever |is |has )?(?:help|answer|listen|repl|respond|respon)\w*|\bstop (?:repeating|copy|sending me the same|giving me the same)",
        r"(?:答非所问|听不懂人话|说人话|没一句有用|一点用都没|废物|垃圾(?:客服|机器人|平台|公司)|什么破(?:客服|机器人|平台)|复读机|车轱辘话|踢皮球|没人管|没人理|敷衍|问了.{0,3}遍|说了.{0,4}遍|来回.{0,4}(?:同样|一样|这几句)|智障|气死我了|忍无可忍|投诉你们|我要投诉|要投诉)",
    ])
});

static INJECTION: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"\b(?:ignore|disregard|forget|override|bypass) (?:all |any |the |your |my |every )*(?:previous|prior|above|earlier|preceding|these|those|existing)? ?(?:instructions?|prompts?|rules|guidelines|polic(?:y|ies) and|directions|system)",
        r"\bsystem prompt\b|\b(?:reveal|print|show|repeat|output|tell me) (?:me )?(?:your|the) (?:hidden |initial |original |secret |system )(?:prompt|instructions?|rules)|\bdeveloper mode\b|\bjailbreak\b|\bdan mode\b|\byou are now (?:an?|in|my|the|free)\b|\bact as (?:an?|if|my|the) |\bpretend (?:to be|you are|youre|that you)\b|<\|im_(?:start|end)\|>|\brole ?play as\b",
        r"忽略.{0,6}(?:指令|规则|提示|设定)|系统提示词|你现在是.{0,10}(?:助手|模型|角色)|扮演",
    ])
});

/// Wishes that words cannot fulfil: something must be done on an account.
static ACTION: LazyLock<RegexSet> = LazyLock::new(|| {
    set(&[
        r"^(?:(?:please|pls|plz|hi|hello|hey|ok|so|just|now),? )*(?:(?:can|could|will|would) (?:you|u) )?(?:please |pls |plz |just )*(?:cancel|refund|change|update|delete|close|unlock|unblock|reset|check|track|remove|correct|fix|raise|increase|move|extend|waive|reverse|stop) (?:me|my|this|the order|order|it)\b",
        r"\b(?:where(?:s| is) my|track my|status of my) (?:order|parcel|package|refund|delivery|return)\b|\border (?:number |no\.? ?|#)?\d{4,}|#\d{4,}",
        r"(?:帮我|给我|替我|请帮|麻烦帮?).{0,4}(?:取消|退|改|修改|注销|解冻|解锁|查|催|开|提高|提额|延期|关闭)|我的(?:订单|快递|包裹|退款)(?:到哪|在哪|怎么还没|呢)",
    ])
});

static STRONG_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:wtf|ffs|fuck\w*|shit|damn|bloody|hell|angry|furious|ridiculous|unacceptable|disgusting|disgrace\w*|outrage\w*|scam|thieves|robbery|worst|terrible|awful|hate|fed up|sick of|worried|scared|stress\w*|desperate)\b|[!！]{2,}|[?？]{3,}|他妈|妈的|气死|垃圾|骗子|坑人|恶心|过分|急死|太差")
        .expect("pattern is a constant, tested below")
});

fn mood_of(text: &str, spoken: &str) -> Mood {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = text.chars().filter(|c| c.is_uppercase()).count();
    if STRONG_WORDS.is_match(spoken) || (letters > 12 && capitals * 10 > letters * 7) { Mood::Upset } else { Mood::Calm }
}

static SMALL_TALK: LazyLock<[(Regex, SmallTalk); 4]> = LazyLock::new(|| {
    let pattern = |text: &str| Regex::new(text).expect("patterns are constants, tested below");
    let end = r"[\s,.!?~。！？，～]*";
    [
        (pattern(&format!(r"^(?:hi+|hey+|hello+|hiya|yo|good (?:morning|afternoon|evening|day)|greetings|howdy|你好|您好|嗨|哈喽|在吗|在么|早上好|下午好|晚上好|早)(?:[ ,]*(?:there|again|all|everyone|team|you|bot|啊|呀|呢|吗|客服|亲)){{0,2}}{end}$")), SmallTalk::Greeting),
        (pattern(&format!(r"^(?:(?:ok|okay|great|perfect|cool|good|nice|awesome|alright|yes|好的?|嗯|行)[ ,.!，。！]*)?(?:thanks?|thank (?:you|u)|thx|ty|cheers|much appreciated|appreciate it|谢谢|多谢|感谢|谢了|辛苦了)(?:[ ,，]*(?:a lot|so much|very much|you|u|for (?:the|your) (?:help|answer|info)|that helps|that helped|bye|啦|了|你|您|哈|啊|帮助|解答|mate)){{0,4}}{end}$")), SmallTalk::Thanks),
        (pattern(&format!(r"^(?:bye+|goodbye|good ?night|see (?:you|ya)|cya|thats all|再见|拜拜|回见|没事了|没有了)(?:[ ,]*(?:bye|now|later|thanks|for now|啦|了)){{0,2}}{end}$")), SmallTalk::Goodbye),
        (pattern(&format!(r"^(?:(?:wait|so|hi|hello|hey|hmm|um),? )*(?:(?:are|r) (?:you|u)|is this|am i (?:talking|speaking|chatting) (?:to|with)) (?:even )?(?:an? )?(?:real |actual |live )?(?:bot|robot|human|person|machine|ai|chat ?bot|computer)(?: (?:or (?:an? )?(?:real |actual )?(?:bot|robot|human|person|machine|ai))| being)?{end}$|^(?:who|what) are you{end}$|^你是.{{0,3}}(?:机器人|真人|人工|ai|谁|人)(?:还是.{{0,4}})?[吗么呀啊]?{end}$")), SmallTalk::WhoAreYou),
    ]
});

fn small_talk(spoken: &str) -> Option<SmallTalk> {
    SMALL_TALK.iter().find(|(pattern, _)| pattern.is_match(spoken)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests;
