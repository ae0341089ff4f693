//! Who deserves care beyond an answer: somebody has died or is seriously ill, work or money is lost; and who wants to complain.

use std::sync::LazyLock;

use super::rules::{Classes, Rules};
use super::spoken::{has_han, has_latin};

const CLASSES: Classes = &[
    (
        "kin",
        r"(?:husband|wife|partner|spouse|mother|mum|mom|mam|father|dad|son|daughter|child|baby|brother|sister|grand ?mother|
          grand ?father|grandma|grandpa|gran|nan|granddad|uncle|aunt|parents?|boyfriend|girlfriend|fiance|fiancee|friend|
          family|relative|cousin|nephew|niece|mother in law|father in law|twin|flatmate|carer)s?",
    ),
    ("mine", r"my|our|his|her|their|the"),
];

static BEREAVEMENT: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"<mine> (?:late |dear |elderly |old |beloved )?<kin> (?:[a-z]+ ){0,3}?(?:died|passed(?: away| on)?|has died|is dead|
              was killed|s funeral|is gone forever|took (?:his|her|their) own life)",
            r"(?:i|we|ive|weve|i have|we have) (?:just |recently |sadly )?lost (?:my|our) (?:[a-z]+ )?<kin>",
            r"(?:death|passing|funeral|loss|estate|burial|cremation) of (?:my|our) (?:[a-z]+ )?<kin>",
            r"<mine> (?:late|deceased|dead) <kin>",
            r"(?:miscarriage|stillbirth|stillborn|bereave[a-z]*|widow(?:ed|er)?)",
            r"(?:in|still|am|im|are|were) (?:mourning|grieving)|(?:he|she) (?:died|passed away)(?: |$)",
            r"(?:account|card|order|loan|contract|subscription) (?:holder|owner) (?:[a-z]+ )?(?:died|has died|is deceased|passed away)",
        ],
        &[
            r"(?:phone|laptop|battery|plant|car|engine|computer|tablet|watch|device) [a-z ]*(?:died|dead)[a-z ]*",
            r"(?:character|movie|film|book|game|series|song|novel) [a-z0-9 ]*",
            r"(?:is|are|what is|do you have|does|how) [a-z ]*bereavement (?:polic[a-z]+|leave|fares?|team|discount)[a-z ]*",
        ],
    )
});

static BEREAVEMENT_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[(
            "kin",
            r"爸爸?|妈妈?|父亲|母亲|爷爷|奶奶|外公|外婆|姥姥|姥爷|老公|老婆|丈夫|妻子|先生|太太|爱人|儿子|女儿|孩子|哥哥?|姐姐?|
              弟弟?|妹妹?|家人|亲人|朋友|老人|公公|婆婆|岳父|岳母|机主|账户本人|本人",
        )],
        &[
            r"(?:<kin>).{0,8}(?:去世|过世|离世|病逝|逝世|不在了|走了(?:$|[^吗没]{0,4}(?:年|月|天|号|后|之后))|身故|遇难|身亡|没了$)",
            r"(?:去世|过世|离世|身故|已故)的?(?:<kin>)|(?:失去|没)了(?:我)?(?:的)?(?:<kin>)",
            r"(?:办|料理|处理|忙).{0,4}(?:后事|丧事|葬礼|白事)|(?:节哀|守孝|丧亲|丧偶|流产|遗孀)",
        ],
        &[r"(?:人工|电影|小说|游戏|角色).{0,6}(?:流产|去世|死)"],
    )
});

static ILLNESS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[r"(?:i|im|ive|i am|i have|i was|i had|<mine> <kin>(?: (?:is|was|has|had|s))?|he|she|hes|shes) (?:[a-z]+ ){0,4}?
              (?:cancer|leuk[a]?emia|tumou?r|a stroke|heart attack|dialysis|chemo(?:therapy)?|terminally ill|in intensive care|
              in the icu|diagnosed|in (?:the |a )?hospital|hospitali[sz]ed|bedridden|paraly[sz]ed|in a coma|seriously ill|
              very ill|severely ill|critically ill|dementia|alzheimers|on life support|disabled (?:and|since|by)|
              an accident|a bad accident|surgery|an operation)"],
        &[
            r"(?:how|what|can|is|are|do|does|which) [a-z0-9 ]*(?:hospital|surgery|dialysis) (?:bills?|beds?|parking|near)[a-z0-9 ]*",
            r"(?:zodiac|horoscope|star sign)[a-z ]*",
        ],
    )
});

static ILLNESS_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[],
        &[
            r"(?:我|家里|爸|妈|老公|老婆|孩子|老人|他|她|家人|丈夫|妻子|儿子|女儿|父亲|母亲).{0,6}(?:住院|重病|病重|大病|癌症?|
              肿瘤|白血病|透析|化疗|放疗|手术|车祸|瘫痪|昏迷|icu|抢救|中风|脑梗|心梗|确诊|尿毒症|抑郁症)",
            r"(?:得|患|查出|确诊)(?:了)?.{0,4}(?:癌|肿瘤|白血病|重病|绝症|尿毒症)|在医院.{0,4}(?:躺|住|陪|抢救)|病危|卧床",
        ],
        &[r"(?:宠物|猫|狗|手机|电脑|电影|保险).{0,4}(?:住院|手术|昏迷)"],
    )
});

static HARDSHIP: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"(?:i|we|ive|i have|weve|<mine> <kin>) (?:just |recently |have |has )?(?:lost|losing) (?:my|our|his|her|their) (?:job|
              work|income|business|house|home)",
            r"(?:i|we|ive|im|i was|i am|been|got|<kin>) (?:was |were |am |are |been |got |have been |just )*(?:laid off|made redundant|
              unemployed|out of work|fired|sacked|bankrupt|furloughed)",
            r"(?:i|we) (?:really |just |simply |honestly |still |currently |truly )?(?:cant|cannot|can not|am unable to|are unable to|
              dont know how to) (?:[a-z]+ )?(?:pay|afford|make (?:the|my|this|any) payments?|keep up)",
            r"(?:financial|money) (?:hardship|trouble|troubles|difficult(?:y|ies)|problems|crisis)|drowning in debt|in debt",
            r"(?:barely|hardly) (?:afford|make ends meet|pay)|(?:behind on|choose between) (?:my |the )?(?:rent|heating|food|mortgage)",
        ],
        &[
            r"(?:how|what|when|where|can|if|what if|what happens if|suppose) (?:i|we|someone|you)? ?(?:[a-z]+ ){0,3}?(?:cant|cannot) (?:pay|
              afford) (?:with|by|via|using|through|in)[a-z0-9 ]*",
            r"(?:cant|cannot) (?:pay|make (?:the|my|this|any) payments?) (?:with|by|via|using|through|at|online|because (?:the|your|it))[a-z0-9 ]*",
        ],
    )
});

static HARDSHIP_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[],
        &[
            r"(?:我|刚|老公|老婆|家里|已经|最近|现在|公司).{0,6}(?:失业|下岗|被裁|丢了工作|没工作|没收入|破产|倒闭|降薪|欠薪|没发工资)",
            r"(?:实在|真的|确实|暂时|现在|目前|已经|根本)?(?:还不(?:上|起|了)|没钱还|没能力还|无力(?:偿还|还款)|付不起|交不起|负债)",
            r"(?:经济|手头|家庭|资金).{0,3}(?:困难|紧张|拮据|周转不)",
        ],
        &[r"(?:如果|要是|万一|假如|会不会)[^\n]{0,10}(?:还不上|还不起|失业)[^\n]*"],
    )
});

static COMPLAINT: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        &[],
        &[
            r"(?:i|we) (?:want|wanna|would like|need|wish|have|am going|intend) (?:to )?(?:[a-z]+ )?(?:(?:make|file|lodge|register|submit|raise|
              put in|send|leave|open) (?:an? |my )?(?:[a-z]+ )?(?:complaints?|grievance|claim against)|complain)",
            r"id like (?:to )?(?:(?:make|file|lodge|register|submit|raise|leave) (?:an? |my )?(?:[a-z]+ )?(?:complaints?|claim against)|complain)",
            r"(?:this is|here is|its) (?:an? )?(?:official |formal )?complaint|(?:i have|ive got|got) (?:an? )?(?:[a-z]+ )?complaint",
        ],
        &[r"(?:how|where|can|could|what) (?:do|can|could|should|is|are|to|would|happens) (?:i |we |you |the )?[a-z ]*complain[a-z]*"],
    )
});

fn heard(words: &Rules, script: &Rules, sentence: &str) -> Option<String> {
    let in_words = has_latin(sentence).then(|| words.words(sentence)).flatten();
    in_words.or_else(|| has_han(sentence).then(|| script.words(sentence)).flatten())
}

/// Whether somebody has died.
pub fn bereaved(sentence: &str) -> Option<String> {
    heard(&BEREAVEMENT, &BEREAVEMENT_ZH, sentence)
}

/// Whether the customer, or somebody close, is seriously ill.
pub fn ill(sentence: &str) -> Option<String> {
    heard(&ILLNESS, &ILLNESS_ZH, sentence)
}

/// Whether the customer cannot pay.
pub fn in_hardship(sentence: &str) -> Option<String> {
    heard(&HARDSHIP, &HARDSHIP_ZH, sentence)
}

/// Whether the customer wants to complain, in English; in Chinese that is said in anger, and heard as such.
pub fn complains(sentence: &str) -> Option<String> {
    has_latin(sentence).then(|| COMPLAINT.words(sentence)).flatten()
}
