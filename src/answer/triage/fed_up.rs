//! Who has had enough: of the machine, of asking again and again, of how we treat them.

use std::sync::LazyLock;

use super::rules::{Classes, Rules};
use super::spoken::{has_han, has_latin};

const CLASSES: Classes = &[
    (
        "bot",
        r"(?:ro)?bots?|chat ?bots?|machines?|ai|assistant|program|software|automated [a-z]+|computer|algorithm|auto ?repl(?:y|
          ies)|thing",
    ),
    (
        "bad",
        r"useless|worthless|pointless|stupid|dumb|idiotic|pathetic|garbage|trash|rubbish|terrible|horrible|awful|crap(?:py)?|
          shit(?:ty)?|worst|fucking|fuckin|bloody|hopeless|incompetent|moronic|brainless|good for nothing|lousy|retarded|
          disgrace|joke|sucks?|annoying|braindead|brain dead",
    ),
    (
        "outrage",
        r"ridiculous|unacceptable|outrageous|disgusting|disgraceful|a disgrace|a joke|appalling|shameful|a scam|absurd|
          infuriating|maddening|so frustrating|really frustrating|very frustrating|frustrating|insane|pathetic|bullshit|bs|
          a farce|shocking|beyond a joke|insulting|driving me (?:crazy|mad|insane|nuts)|making me (?:angry|mad|furious|sick)|
          taking the piss|a nightmare|a waste of (?:my )?time|the worst",
    ),
    (
        "very",
        r"(?:just |really |so |absolutely |completely |totally |utterly |beyond |getting |becoming |truly |simply |fucking |
          bloody |honestly |quite |a complete |a total |an absolute |such |all |very |extremely |no |any )*",
    ),
    (
        "times",
        r"\d+(?: (?:or \d+ )?times| x)|\d+x|(?:two|three|four|five|six|seven|eight|nine|ten|twenty|several|many|multiple|
          so many|countless|a (?:hundred|thousand|million|dozen|few)|dozens of|hundreds of|too many|enough) times|twice|
          again and again|over and over|repeatedly|all (?:day|morning|week)|for (?:hours|days|weeks|months)|(?:third|fourth|
          fifth|sixth|tenth|hundredth|nth|umpteenth|millionth|\d+(?:rd|th)) (?:time|message|e ?mail|call|attempt)",
    ),
    (
        "told",
        r"asked|said|told|explained|repeated|written|wrote|called|emailed|contacted|messaged|complained|requested|tried|typed|
          been (?:asking|saying|telling|trying|explaining|repeating|chasing|waiting|writing|calling|going)|asking|repeating|
          telling",
    ),
];

/// Fed up with the machine: nobody helps, the same again and again.
static MACHINE: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            // the machine
            r"<bad> (?:[a-z]+ ){0,2}?<bot>",
            r"(?:this|the|your|ur|stupid|that|damn|fucking|you) (?:[a-z]+ )?<bot> (?:[a-z]+ ){0,4}?(?:<bad>|not help[a-z]*|
              isnt help[a-z]*|doesnt help|no help|cant help|never helps?|going in circles|doesnt (?:understand|listen|get it|
              work|know|answer)|(?:does|is|can)(?: not|nt) (?:understand|listen|work|know anything|answer)|cant (?:understand|
              even|answer|do)|understands nothing|knows nothing|keeps? (?:repeating|saying|giving|sending|asking|telling))",
            r"i hate (?:this|your|these|the) (?:[a-z]+ )?<bot>",
            r"(?:youre|you are|u are|u r|uare|ur) <very>(?:useless|worthless|pointless|stupid|dumb|idiotic|pathetic|garbage|
              trash|rubbish|hopeless|incompetent|brainless|no help|not (?:helping|helpful|listening|any help|understanding|
              answering|reading)|of no (?:use|help)|no use|a waste of (?:my )?time|wasting my time|(?:your|these|the|
              those) (?:answers?|repl(?:y|ies)|responses?|links?|messages?) (?:is |are |was |were )<very>(?:useless|no help|
              not helping|unhelpful|nonsense|rubbish|garbage|wrong|worthless|pointless|not helpful)|(?:none|
              nothing) (?:of (?:this|that|these|it|your answers) |you (?:say|said|write|sent?) )?(?:is |has |
              ever )?(?:help(?:s|ed|ing|ful)?|works?|useful|any use)(?: |$)|(?:i |ill )?(?:give|gave|giving) up (?:with|
              on) (?:this|you|the)|i give up$|all you (?:ever |can |people )?(?:do|say|send) is|how often (?:do|
              must) i have to (?:repeat|ask|tell|say|explain|write|call)|(?:wont|doesnt|does|can|will|cant|is) (?:any ?one|
              any ?body|someone|somebody) (?:even |actually |ever |please |at all |there )*(?:answer(?:ing)?|read(?:ing)?|
              listen(?:ing)?|car(?:e|ing)|repl(?:y|ying)|respond(?:ing)?|paying attention)(?: |$)|(?:canned|scripted|
              automated|automatic|copy paste|boilerplate|generic|robotic) (?:answers?|repl(?:y|ies)|responses?|messages?|
              nonsense)|(?:hours?|minutes?|mins|days|weeks|months) (?:and|later|now and|of [a-z]+ and|with) (?:still )?(?:no|
              nothing|not|without)|(?:still|and) (?:no|without an?|not one|not a single) (?:answer|reply|response|solution|
              help|word)(?: |$)|(?:you|u) (?:clearly |obviously |really )?(?:cant|cannot|dont|do not) (?:even )?(?:read|
              listen|think)(?: |$)|going (?:round |around )?in circles|ignoring me|getting me nowhere|not getting (?:it|me|
              this)|no good|clueless|not even (?:reading|listening|trying))(?: |$)",
            r"(?:you|u) (?:arent|are not|cant|cannot|dont|do not|clearly dont|obviously dont|never|still dont|didnt|did not|
              havent|have not|wont)(?: even| really| actually| at all)? (?:help(?:ed|ing|ful)?(?: me)?(?: at all)?|
              understand(?: me| anything| a (?:word|thing)| what i| my)?|listen(?:ing)?|get it|know (?:anything|what youre)|
              read(?:ing)?(?: what| my)|answer(?:ed|ing)?(?: me| my| what| the| anything| a single)?|solve(?:d)?(?: anything|
               my)|do anything)(?: |$)(?:[a-z0-9 ]*)",
            r"(?:this|thats|that|it|its|you) (?:is |was |has been |are )?(?:<very>)?(?:no help(?: at all)?|not helping|
              not helpful|useless|hopeless|pointless|worthless|(?:your|these|the|those) (?:answers?|repl(?:y|ies)|responses?|
              links?|messages?) (?:is |are |was |were )<very>(?:useless|no help|not helping|unhelpful|nonsense|rubbish|
              garbage|wrong|worthless|pointless|not helpful)|(?:none|nothing) (?:of (?:this|that|these|it|your answers) |
              you (?:say|said|write|sent?) )?(?:is |has |ever )?(?:help(?:s|ed|ing|ful)?|works?|useful|any use)(?: |$)|(?:i |
              ill )?(?:give|gave|giving) up (?:with|on) (?:this|you|the)|i give up$|all you (?:ever |can |people )?(?:do|say|
              send) is|how often (?:do|must) i have to (?:repeat|ask|tell|say|explain|write|call)|(?:wont|doesnt|does|can|
              will|cant|is) (?:any ?one|any ?body|someone|somebody) (?:even |actually |ever |please |at all |
              there )*(?:answer(?:ing)?|read(?:ing)?|listen(?:ing)?|car(?:e|ing)|repl(?:y|ying)|respond(?:ing)?|
              paying attention)(?: |$)|(?:canned|scripted|automated|automatic|copy paste|boilerplate|generic|
              robotic) (?:answers?|repl(?:y|ies)|responses?|messages?|nonsense)|(?:hours?|minutes?|mins|days|weeks|
              months) (?:and|later|now and|of [a-z]+ and|with) (?:still )?(?:no|nothing|not|without)|(?:still|and) (?:no|
              without an?|not one|not a single) (?:answer|reply|response|solution|help|word)(?: |$)|(?:you|u) (?:clearly |
              obviously |really )?(?:cant|cannot|dont|do not) (?:even )?(?:read|listen|think)(?: |$)|going (?:round |
              around )?in circles|a waste of (?:my )?time|wasting my time|going nowhere|leading (?:nowhere|anywhere)|
              getting (?:me |us )?nowhere)(?: |$)",
            r"(?:this|conversation|chat) (?:conversation |chat |chatbot |bot )?(?:is ?nt|is not) (?:working|helping|helpful|
              leading|going|getting|answering)(?: (?:at all|anywhere|me|any ?more|us|my question|for me|what i asked|anything|
              one bit|in the slightest|out))?$",
            r"(?:this|that|it) (?:doesnt|does not|did not|didnt) (?:help|answer)(?: (?:at all|me|any ?more|us|my question|
              anything|one bit|in the slightest))?$",
            r"(?:stop|quit) (?:repeating|copy[a-z]*|pasting|sending me (?:the same|links|articles|to)|giving me (?:the same|
              the run|links|articles|these)|telling me the same|with the (?:copy|canned|scripted)|wasting my time|
              reading (?:me )?(?:the )?(?:rules|script))",
            r"(?:your|these|the|those) (?:answers?|repl(?:y|ies)|responses?|links?|messages?) (?:is |are |was |
              were )<very>(?:useless|no help|not helping|unhelpful|nonsense|rubbish|garbage|wrong|worthless|pointless|
              not helpful)",
            r"(?:none|nothing) (?:of (?:this|that|these|it|your answers) |you (?:say|said|write|sent?) )?(?:is |has |
              ever )?(?:help(?:s|ed|ing|ful)?|works?|useful|any use)(?: |$)",
            r"(?:i |ill )?(?:give|gave|giving) up (?:with|on) (?:this|you|the)|i give up$",
            r"all you (?:ever |can |people )?(?:do|say|send) is",
            r"how often (?:do|must) i have to (?:repeat|ask|tell|say|explain|write|call)",
            r"(?:wont|doesnt|does|can|will|cant|is) (?:any ?one|any ?body|someone|somebody) (?:even |actually |ever |please |
              at all |there )*(?:answer(?:ing)?|read(?:ing)?|listen(?:ing)?|car(?:e|ing)|repl(?:y|ying)|respond(?:ing)?|
              paying attention)(?: |$)",
            r"(?:canned|scripted|automated|automatic|copy paste|boilerplate|generic|robotic) (?:answers?|repl(?:y|ies)|
              responses?|messages?|nonsense)",
            r"(?:hours?|minutes?|mins|days|weeks|months) (?:and|later|now and|of [a-z]+ and|with) (?:still )?(?:no|nothing|
              not|without)",
            r"(?:still|and) (?:no|without an?|not one|not a single) (?:answer|reply|response|solution|help|word)(?: |$)",
            r"(?:you|u) (?:clearly |obviously |really )?(?:cant|cannot|dont|do not) (?:even )?(?:read|listen|think)(?: |$)",
            r"going (?:round |around )?in circles|getting nowhere",
            r"\A(?:(?:so|completely|totally|utterly|absolutely|just|this is|thats|thanks for nothing)[ \n])*(?:useless|
              pathetic|hopeless|worthless|rubbish|garbage|unhelpful|terrible|not helpful|no help|pointless)\z",
            r"what a (?:joke|waste of time|farce|useless [a-z]+)|thanks for nothing|you suck|i hate (?:you|this)$",
            r"wrong (?:answer )?again|are you even (?:listening|reading|trying|there|a real)|forget it[ \n]im done",
            r"unhelpful (?:bot|answers?|service|as)|(?:stuck in|out of|in) (?:this|a|the|an) (?:endless |infinite )?loop",
            r"(?:why|how) (?:are|r) (?:you|u) so (?:<bad>|slow|dense|thick|bad)",
            r"(?:already|just) (?:told|said|answered|explained|asked) (?:you |u )?(?:that|this|so|it)?$",
            r"(?:sent|told|gave|said|showed) (?:me |us )?(?:that|this|it) already",
            r"already (?:sent|showed|gave|told) (?:me|us) (?:that|this)|(?:you|u) (?:just |only |always |simply )+repeat",
            r"copy ?(?:and |n )?past(?:e|ed|ing)(?: (?:answers?|repl[a-z]+|responses?|nonsense|me|the same|bot|job))",
            // again and again
            r"(?:i|ive|i have|have|weve|we|im|i am|already|keep|been|must i|
              to) (?:[a-z]+ ){0,2}?<told> (?:[a-z]+ ){0,8}?<times>",
            r"^(?:now )?for the <times>",
            r"<times> (?:[a-z]+ ){0,2}?(?:ive|i have|i|im|now|asking|i am) ?(?:had to |already |now )?<told>",
            r"(?:this is |its |thats )(?:the |my |now the |already the )?<times>(?: [a-z ]*|$)",
            r"(?:same|exact same|identical) (?:[a-z]+ )?(?:answers?|repl(?:y|ies)|responses?|link|links|message|copy ?paste|
              thing|text|article|nonsense|page|script) (?:again|as before|over|every|each|[a-z]* ?times|for the|and over)",
            r"(?:giving|give|gave|sending|send|sent|getting|get|keep|repeating|repeat|tell|telling|paste|pasting|got) (?:me |
              us )?(?:the |that )?(?:same|exact same) (?:[a-z]+ )?(?:answers?|repl(?:y|ies)|responses?|link|links|message|
              thing|text|article|nonsense|stuff|sentence|page|script)",
            r"how many (?:more )?times (?:do|must|have|should|did) i",
            r"(?:you|u|it|this bot|bot) (?:just )?keeps? (?:on )?(?:repeating|saying|sending|giving|asking|telling|pasting|
              ignoring|going|quoting|dodging)",
            r"(?:that|this|it|which)? ?(?:did|does|was|is)(?:nt| not) (?:even )?(?:what i (?:asked|meant|said|wanted)|
              answer(?:ing)? (?:my|the|it|anything)|an answer|the answer to)",
            r"(?:didnt|doesnt|not|never|havent|have not|without|avoid(?:ing)?|dodg(?:e|ing)) (?:once |even |
              actually )?answer(?:ed|ing)? (?:my|the|any of my) (?:question|problem|actual)",
            r"(?:no ?one|no ?body|none of you) (?:there )?(?:is |will |ever |has |even |can |seems to |wants to |at [a-z]+ |
              there |bothers to |actually |over there |is able to )*(?:help[a-z]*|answer[a-z]*|listen[a-z]*|car(?:e|es|ing)|
              repl(?:y|ies|ied|ying)|respond[a-z]*|read[a-z]*|work[a-z]*|does anything|gets back|got back|pick(?:s|ing)? up|
              know[a-z]*|tells?|talks?|solves?)",
            r"does (?:nobody|anybody|anyone|no one) (?:there |even |actually |at [a-z]+ |over there )*(?:work|care|listen|
              read|help)",
            r"not (?:one|a single) (?:straight|real|proper|useful|clear) answer",
            r"(?:straight|real|proper) answer (?:for once|please)|what is wrong with you|whats wrong with you",
            r"is anybody even",
            r"(?:being |been |keep getting )?(?:passed|bounced|sent) (?:around|from pillar|back and forth|from one|
              round in circles)",
            r"fobbed off|given? (?:me )?the run ?around|runaround",
        ],
        &[
            r"^(?:what|how|if|does|will|is|are|can|which|do i|when) (?:[a-z0-9]+ )*(?:twice|again and again|repeatedly|
              multiple times|\d+ times|third time|second time|fourth time|\d+th time|several times)[a-z0-9 ]*",
            r"(?:told|said|asked|explained|tried|called|waiting|been) (?:twice|for (?:days|weeks))$",
            r"(?:why|how|what) (?:[a-z]+ )*(?:is|are|was) (?:[a-z]+ )*(?:<outrage>|<bad>) (?:for|to|in|on)[a-z ]*",
            r"(?:robot|vacuum|toy|washing|coffee|sewing|bread|slot|vending|espresso|gaming|xbox|exercise) (?:ro)?(?:machines?|
              bots?|vacuum|toy|computers?)[a-z0-9 ]*",
            r"(?:sorry|forgive|excuse)[a-z ]* (?:stupid|dumb|silly)[a-z ]*",
            r"(?:not|never|isnt|arent|wasnt) (?:<bad>|stupid|dumb)",
        ],
    )
});

/// Angry at how we treat them.
static ANGER: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            // how we treat them
            r"(?:this|that|it|its|thats|these|you|your [a-z]+|the [a-z]+|what|kestrow|company|service) (?:is |are |was |
              has been |s |has become |have been |really |[a-z]+ is |all )*<very><outrage>(?: |$)",
            r"<outrage> (?:service|company|support|treatment|experience|behaviou?r|customer service|people|way|policy|
              policies)",
            r"(?:worst|<bad>) (?:customer )?(?:service|support|company|experience|help|app|website|people)(?: (?:ever|in|i|of|
              you)|$)",
            r"(?:im|i am|am|ive|i have|we are|getting|so|really|i) (?:[a-z]+ )?(?:<very>)(?:furious|livid|fuming|outraged|
              fed up|sick of (?:this|you|your|it|waiting|being|the|all)|sick and tired|pissed(?: off)?|had enough|had it with|
              losing (?:my )?(?:patience|it)|lost (?:my )?patience|out of patience|at the end of my (?:patience|tether|rope)|
              disgusted|beyond (?:angry|frustrated|annoyed)|extremely (?:angry|upset|disappointed|frustrated|unhappy)|
              very (?:angry|upset|disappointed|frustrated|unhappy|dissatisfied)|so (?:angry|mad|frustrated|disappointed|upset|
              annoyed)|really (?:angry|frustrated|disappointed|upset|annoyed)|done with (?:you|this|kestrow|your))",
            r"(?:my|our) patience (?:is|has|s|with)|enough is enough|fed up (?:with|of)|how dare you|shame on you",
            r"fuck (?:you|off|this|your|u)|fudge off|go to hell|screw you",
            r"you (?:people|guys|lot|all) (?:are|should|have|dont|make|keep|suck|need)(?: [a-z]+)* (?:thieves|criminals|
              crooks|idiots|clowns|liars|joke|ashamed|<bad>|care|nothing|scammers|morons|incompetent|awful|terrible|robbing|
              cheating|cheats)",
            r"(?:liars|thieves|crooks|scammers|cheaters|robbers|con artists)$",
            r"(?:you|they) (?:lied|are lying|cheated|tricked|ripped|conned) (?:to |me |us )(?:[a-z ]*)|rip ?off",
            r"ripping (?:me|us|people) off",
            r"(?:treat|treating|treated) (?:me|customers|us|people) like (?:this|dirt|a|an|crap|shit|rubbish|garbage|that)",
            r"(?:never|not) (?:shop|buy|order|use|using|buying|shopping|ordering) (?:[a-z]+ ){0,3}?again",
            r"(?:leave|leaving|write|writing|post|give|giving) (?:[a-z]+ ){0,3}?(?:bad|negative|one star|1 star|terrible|
              horrible) review",
            // amends demanded
            r"(?:you|kestrow|someone) (?:must|have to|need to|should|owe|will|better|are going to|gotta|had better) (?:me |
              to )?(?:compensat[a-z]+|reimburse me|pay me|pay for (?:my|the|this)|make (?:this|it) right|make up for)",
            r"(?:i|we) (?:demand|insist on|deserve) (?:[a-z]+ ){0,2}?(?:compensation|an apology|an explanation|damages|
              answers)",
            r"i demand (?:a |my |an |to )|owe me (?:an? |some )?(?:apology|compensation|explanation)",
        ],
        &[
            r"(?:how|what|when|where|does|do|is|are|can|which|who|will|would|if|could)(?: [a-z0-9]+)* (?:compensation|
              reviews?|rip ?off|an apology|scam)(?: [a-z0-9]+)*",
            r"(?:robot|vacuum|toy|washing|coffee|sewing|bread|slot|vending|espresso|gaming|xbox|exercise) (?:ro)?(?:machines?|
              bots?|vacuum|toy|computers?)[a-z0-9 ]*",
            r"ridiculous(?:ly)? (?:cheap|good|easy|fast|low|happy|cute|funny)[a-z ]*",
            r"(?:not|never|isnt|arent|wasnt) (?:<outrage>|<bad>|stupid|dumb|useless)",
            r"(?:sorry|forgive|excuse)[a-z ]* (?:stupid|dumb|silly)[a-z ]*",
            r"(?:maybe|probably|this is|its) (?:a )?(?:stupid|dumb|silly) question",
            r"(?:my|a|the) (?:[a-z]+ )?(?:is|are|looks|was) (?:useless|a joke|rubbish|garbage|trash) (?:without|if|
              when)[a-z ]*",
            r"(?:terrible|horrible|awful|worst) (?:at|memory|weather|headache|day|week|case|with)[a-z ]*",
        ],
    )
});

static MACHINE_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[],
        &[
            // the machine
            r"答非所问|听不懂(?:人话|吗|我|啊|$)|说人话|没一句(?:有用|人话|实话)",
            r"(?:一点|半点|毛|屁|根本|完全|什么)(?:都|也)?(?:没有?|不)(?:用|顶用|管用|解决|帮助)",
            r"(?:一点|半点|啥|什么|屁|半毛钱|毛)用(?:处)?(?:都|也)?(?:没|不)|(?:说来说去|问来问去|讲来讲去|翻来覆去)",
            r"没(?:有)?(?:屁|卵|鸟|什么|半点)?用(?:的(?:东西|机器|客服|机器人|玩意|废物)|$|[ !])|屁用|废物|复读机",
            r"车轱辘话|复制粘贴",
            r"(?:机器人|智能客服|ai|自动回复|机器).{0,6}(?:傻|蠢|笨|没用|垃圾|烦|智障|听不懂|不行|白痴|弱智|废|气人|有病|答不|
              不懂|解决不了|骗人|差)",
            r"(?:来来回回|来回|翻来覆去|反反复复|总是|老是|一直|每次|又是|只会|就会|就知道|除了).{0,6}(?:同样|一样|这几句|
              这一套|这句|这些|这话|套话|废话|官话|复制|让我等|发链接|道歉|抱歉|糊弄|推)",
            r"(?:套话|官话|废话)(?:连篇|太多|$|[ !])|(?:回答|回复|解决|处理|说)(?:了个?寂寞|不清|不了(?:问题|我)|得什么)",
            r"有用的(?:话)?(?:都|也)?(?:没|不)|(?:一直|总是|老是|反复|又|不停)(?:在)?重复|好好说话|等于没(?:说|回|答|问)",
            r"说辞|话术|(?:什么|啥)(?:都|也)(?:答不|解决不|不会|不懂|不知道|不能|办不|处理不|查不)",
            r"问(?:什么|啥|东)(?:都|答)|看不懂(?:我|人话|吗)",
            // again and again
            r"(?:问|说|讲|反映|联系|打|催|投诉|申请|重复|解释|强调|回答|提交|反馈)(?:过)?(?:了|
              过)?.{0,3}(?:[0-9二两三四五六七八九十几多n好无数百千万]+|好几|无数|多少|好多)(?:多)?(?:遍|次|回|天|百遍|
              个月)(?:了|还|都|$|[ 啊吧呢])",
            r"(?:第|都|已经|这是第?|我第)(?:[0-9三四五六七八九十几n百]+)(?:次|遍|回)(?:问|说|来|联系|找|了|投诉|反映|催|打)",
            r"(?:多少|几|多少个|几百|无数|n)(?:遍|次)(?:了|才|你们?|我)",
            r"从(?:早上?|上午|昨天|上周|上个月|中午).{0,3}(?:问|等|打|催|找|说|拖)(?:到|了).{0,6}",
            r"(?:没人|没有人|无人|谁也不|谁都不|都不|就是不|总不|老不|一直不|又不|怎么不|为什么不|为啥不|还不|干嘛不)(?:管|
              理(?:我|人|$|[ 啊会])|回(?:复|我|应|话|$|[ ])|解决|处理|回应|搭理|应答|接(?:电话|$)|负责|鸟)",
            r"没人(?:管|理|回|答|接|应|处理|解决|呀|吗|在)|不理(?:人|我|睬)|已读不回|玩消失|(?:^|[^器真工])人呢|人都死|踢皮球|踢来踢去",
            r"推来推去|推(?:卸|脱|诿)|互相推|甩锅|打太极",
            r"(?:等|拖|耗)(?:了|我)?.{0,3}(?:(?:[0-9一二两三四五六七八九十几半好多]+)(?:个|多)?(?:天|小时|月|星期|礼拜|周|
              钟头|年)).{0,4}(?:还|都|没|了!|了$|才|到底|居然|竟然)",
            r"(?:到底|究竟)(?:管不管|处不处理|能不能|有没有人|给不给|还要|退不退|解不解决|想怎|要怎|要我|什么意思|要拖|会不会|
              行不行|啥意思|要等|还发|发不发)",
        ],
        &[r"(?:怎么|如何|可以|能|会|要|是否|多少|几)[^\n]{0,6}(?:复制粘贴|废物利用|拖延)[^\n]{0,6}"],
    )
});

static ANGER_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[
            (
                "us",
                r"客服|平台|公司|商家|卖家|店家|店铺|店|物流|快递|服务|售后|机器人|系统|app|软件|质量|东西|玩意儿?|网站|京东|
                  商品|产品|态度|你们|仓库|政策|规定|活动",
            ),
            (
                "very",
                r"太|真|好|真是|简直|非常|特别|十分|极其|极度|很|这么|那么|超级?|实在|如此|相当|有点太|也太|真的|真心|挺|
                  越来越|贼|巨|老",
            ),
        ],
        &[
            // anger
            r"(?:我要|我会|我一定|我必须|必须|坚决|准备|要求|我现在就?|我就|强烈|再.{0,10}就|不然就?|否则就?|肯定|马上|直接|
              已经|就|去|要)(?:去|会|向.{1,6})?(?:投诉|举报)(?:你|了|他|这|客服|商家|快递|卖家|店|平台|京东|到|$|[ !])",
            r"(?:^|[ \n])(?:投诉|举报)(?:$|你|他|商家|快递|客服|卖家|这)",
            r"(?:给|打|留|写)(?:你们?|你家)?.{0,2}差评(?:了|$|[ 哦啊吧的!])|气死|气炸",
            r"气(?:得|的)(?:我|要|想|浑身|发抖|不行)|气人|火大|恼火|窝火|来气|生气(?:了|!|死|得)|<very>生气|愤怒|愤慨",
            r"忍无可忍|受够|受不了|无法忍受|忍不(?:了|下去)|烦死|烦人|烦(?:透|躁|$)|恶心(?:人|死|透|我|$|[ !])",
            r"<very>(?:的)?恶心|无语|无奈了|失望|寒心|心寒|心累|郁闷|糟心|闹心|添堵|不爽|很不满|非常不满|极(?:其|度)不满",
            r"不满意(?:你|客服|服务|处理|这)",
            r"<very>(?:不满意?|不负责|不专业|不靠谱|离谱|过分|差劲?|烂|坑|黑|垃圾|慢了|离谱|恶劣|可恶|可恨|无耻|贱|糟糕|扯|
              坑爹|不要脸|欺负人|气愤|次|不像话|不合理|缺德|可笑|荒唐|敷衍|冷漠|失败|让人|搞笑|操蛋|蛋疼)(?:了|$|
              [ !吧啊呀的呢])",
            r"(?:不|没)靠谱|不像话|岂有此理|莫名其妙(?:$|[ !的])|离谱|荒唐|过分(?:了|$|[ !啊])|太过分|差劲",
            r"(?:太|真|这么|也太|实在|服务|态度|质量|体验|信誉)(?:的)?(?:的)?差(?:了|$|[ 劲评到啊!得])",
            r"(?:态度).{0,4}(?:差|恶劣|不好|不爽|傲慢|冷漠|有问题|敷衍|什么|蛮横|极差|那样|嚣张|不行)",
            r"(?:什么|啥|这叫什么|这是什么)(?:态度|玩意|东西(?:$|[ !啊])|狗屁|垃圾|破|鬼|烂|公司(?:$|[ !啊])|服务(?:$|
              [ !啊态])|素质|逻辑|道理)",
            r"扯皮|装死|糊弄|敷衍|搪塞|忽悠|拖(?:延|着|拖拉|了(?:[0-9一二两三四五六七八九十几好]+)(?:天|周|个月|月|个))",
            r"一拖再拖|坑(?:人|爹|我|钱|货|消费者|客户|顾客|死|$)|(?:太|真|这么|真是|好|被|是不是|很)坑",
            r"骗(?:子|人|钱|我|局|术|消费者|顾客|客户)",
            r"(?:欺骗|欺诈|诈骗|误导|糊弄|愚弄|戏弄|蒙骗|坑骗|欺负|侮辱|歧视)(?:消费者|顾客|客户|人|我|老百姓|用户|行为|$|
              [ !啊])",
            r"(?:耍|玩|逗|整|涮|唬|蒙|当)(?:我|人|猴|老子|傻子|傻瓜)(?:$|[ 呢吗!啊玩了呀吧是])",
            r"当我(?:傻|是傻|好欺负|不存在)|虚假(?:宣传|广告|发货|促销|活动)|霸王条款|店大欺客|黑(?:心|店|平台|公司|商)",
            r"奸商|无良|不良商家",
            r"垃圾(?:客服|机器人|平台|公司|东西|服务|店|商家|快递|玩意|质量|系统|软件|app|京东|物流|售后|产品|货|$|[ !啊]|
              得很|透|死|中的|一样)",
            r"<us>.{0,4}(?:垃圾|太烂|真烂|烂透|辣鸡|差评|不行|有病|傻|没人性|吃屎|喂狗|去死|狗|坑)|什么垃圾",
            r"破(?:客服|平台|公司|物流|快递|服务|店|东西|系统|软件|玩意|机器人|app|网站|京东|机器|规定|质量|售后)",
            r"烂(?:客服|平台|公司|物流|快递|服务|店|系统|软件|透|到家)",
            r"(?:给|打|必须|果断|怒|要)(?:你们?|个|了)?(?:一个)?差评",
            r"(?:再也|以后|永远|坚决|绝对)(?:再)?(?:也)?(?:不|别)(?:会)?(?:来|买|用|在|光顾|信|相信|上|找|碰)(?:你|这|了|$|
              [ ]|京东)",
            r"(?:吃相|嘴脸|良心|底线|诚信|信用|信誉|素质|脸).{0,4}(?:难看|呢|何在|狗吃|喂狗|没有|在哪|被|丢)",
            r"丧(?:良心|尽天良)|没(?:良心|诚信|素质|信用|人性|道德|教养)|不要脸|无耻|缺德|有病(?:$|[ !啊吧])",
            r"脑子(?:有|进)|神经病|脑残|白痴|傻子|傻瓜|蠢货|笨蛋|蠢死|傻(?:逼|b|叉|x|缺|吊)|煞笔|沙比|智障|弱智",
            r"(?:你|他|我|真)(?:他|它|她)?妈(?:的|b|逼|比|$|[ !]|要|什么|就|在|还|都|到底|快|有|是|给|等|怎么)",
            r"(?:他|特|tm|妈|奶奶|狗日|去你)(?:妈|么|娘)?的(?:$|[ !])|特么|尼玛|他妈(?:的)?|妈的|tmd|tnnd|nmd|cnm|nmsl",
            r"wtf|我靠|卧槽|我操|我艹|草泥马|(?:^|[ \n我])(?:操|日)你|妈卖批|狗(?:屁|东西|日|平台|客服)|放屁|屁话|王八",
            r"混蛋|畜生|去死(?:$|[ 吧!])|(?:快|给我|赶紧|就|然后|都|可以|点|退|们|你|^)滚(?:$|[ !吧蛋开出粗])",
            r"滚(?:蛋|开|出去|远点|粗|犊子|一边)|^滚$|凭什么|凭啥|准话|准信|怎么(?:就|会)?(?:这么|那么)(?:难|费劲|麻烦)",
            r"欺负(?:老实)?人|(?:能不能|可不可以|麻烦|都)滚|猴年马月|(?:等|拖)(?:了|你们?)?(?:我)?(?:一|大半|整整|半)?(?:整)?(?:个)?(?:上午|下午|晚上|
              早上|天|整天|宿)(?:了|都|还)[^\n]{0,8}(?:还要|还没|多久|没|什么时候|!|$)",
            r"(?:就|这|什么|这个|这种)(?:个|种|样)?(?:态度|服务|效率|水平|速度|质量)(?:吗|么|啊|呀|呢)?(?:$|[ !])|(?:非要|逼我|就等着|要不要我)[^\n]{0,4}差评",
            r"(?:到不了|不到|不发|不退|不给|不解决|不处理|再不|还不)[^\n]{0,8}差评|差评(?:$|[ !警])",
            r"(?:我|已经|刚才?)[^\n]{0,4}(?:打|拨)(?:过|了)(?:投诉|1 ?2 ?3 ?1 ?5)|1 ?2 ?3 ?1 ?5[^\n]{0,6}(?:打过|投诉过|举报过|打了)",
            // amends demanded
            r"(?:必须|得|要|应该|必需|给我|你们|该|要求|马上|给)(?:你们?|给我|给|向我|对我|立即|立刻)?.{0,3}(?:赔(?:我|钱|偿|
              付|礼|给我|$|[ !]))",
            r"(?:赔我|赔钱)(?:$|[ !吧来啊]|.{0,3}(?:损失|钱))",
            r"(?:要求|我要|必须|给)(?:你们?|个|一个|我)?.{0,4}(?:说法|交代|交待|解释|道歉|公道)(?:$|[ !吧])",
            r"(?:精神|误工)(?:损失|补偿)",
        ],
        &[
            r"(?:跟|和|与)(?:商家|卖家|店家|快递|物流|房东|别人)[^\n]{0,6}(?:扯皮|纠纷|吵|闹|拖)[^\n]{0,4}",
            r"垃圾(?:桶|袋|箱(?:$|[^子])|分类|处理|短信|邮件|食品|佬|信息|清|铲|车|架|篓|堆|场|广告)",
            r"(?:厨余|厨房|猫砂|车载|智能|小)垃圾",
            r"不满(?:一|二|三|四|五|六|七|八|九|十|[0-9]|足|意(?:可|能|的话|想|可不可|怎|要|是否|退|包|,|$|[ ])|\S{0,3}(?:元|
              块|岁|月|年|天|件|周岁|99))",
            r"(?:如果|要是|万一|收到|假如|若).{0,5}不满意[^\n]{0,6}|恶心(?:反胃|呕吐|想吐|头晕|感)",
            r"(?:孕吐|头晕|呕吐|胃).{0,3}恶心|会(?:不会)?(?:坑|骗|有坑)[^\n]{0,4}",
            r"(?:是不是|有没有|会不会|怎么|如何|防|识别|辨别|担心|怕)(?:遇到)?(?:骗子|骗局|诈骗)(?:电话|短信|网站|链接|邮件)",
            r"(?:怎么|如何|防|识别|辨别)(?:骗子|骗局|诈骗)",
            r"(?:空)?气炸(?:锅|鸡|烤|薯|食)|(?:爸|孩子|孩|娃|宝宝|儿子|女儿|你|我|他|她|宝|丈|姥|姑|姨|大|舅|干|辣)(?:他|她)?妈(?:妈|的?(?:电话|号|手机|生日|
              名|身份|地址|账|卡|那|让|想|要买|买|微信|签|收|帐)|让|叫|问|说|想|买|收|签|要不要|是|在家|去|号|$)[^\n]{0,4}",
            r"(?:爸|他|她|我|你|咱|俺|宝|姑|姨|舅|干|婆婆|同学|朋友)妈(?:妈|号|的|$)",
            r"滚(?:筒|轮|石|动|珠|烫|边|刷|梯|塑|圆|球|床|子|滚长)",
            r"(?:刚才|之前|昨天|刚刚|当时)(?:就是|是|确实)?(?:有点|有些|太|很)?(?:生气|不满|着急|失望|激动)",
            r"不(?:很|太|怎么|再|算)?(?:生气|无语|失望|差|坑|过分)",
            r"(?:没|别|不要|不会|不用|不)(?:有)?(?:生气|失望|骗人|忽悠)",
            r"(?:老公|老婆|男朋友|女朋友|她|他|朋友|孩子|对象).{0,2}(?:生气|失望|气死)|气死(?:鬼)",
            r"(?:时|温|色|落|价|误|公|偏|出|反|视|逆|补|找|退|邮|运费|平|相)差",
            r"差(?:价|额|别|异|不多|多少|几|一|两|点|了?\d|旅|个|评(?:怎|能|可|会|有|对|影|率|是))",
            r"赔(?:付|偿)?(?:吗|么|多少|标准|方案|流程|政策|规则|怎么|多久|运费险|率|时效|吗)[^\n]{0,4}",
            r"(?:有|会|能|可以|可不可以|能不能|怎么|如何|申请|是否|有没有|什么)(?:给)?.{0,4}(?:赔偿|赔付|补偿|赔吗|道歉)(?:吗|
              么|的|金|$)?",
            r"死(?:角|皮|机|活动|锁|扣|账|飞蚊)|去死(?:皮|角|鱼)|破(?:损|了|壁|洞|音|碎|皮|裂|解|产|冰|旧|例|壳|掉)",
            r"烂(?:了|掉|果|苹|菜|尾|番茄|熟)|有没有坑|(?:避|踩|踏|填|入|天|水)坑|坑(?:位|洞|距|纹)",
            r"(?:草|操)(?:坪|作|莓|本|场|控|盘)|(?:烦|麻)烦(?:你|您|问|帮|了|给|客|亲|看|查|请|下)|心烦意乱",
        ],
    )
});

/// Words of a question that a policy may answer: one that comes with anger is answered, and the anger told to whoever takes over.
static ASKING: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        &[],
        &[r"^(?:and |so |but |also |then )?(?:what|when|where|which|how|can|could|may|do|does|did|is|are|will|would|should|
              am) (?:i|you|my|the|it|this|we|there|long|much|many|do|does|can|is|happens|if|late|soon|a|an|your|someone|they|
              are|to|next|else)"],
        &[r"(?:what is wrong with|how (?:dare|many times|can you|hard)|what the|are you (?:even|kidding|serious|stupid|deaf|
              people)|is (?:this|it|that) (?:a joke|how)|can you (?:even|read|not)|do you (?:even|people|think|
              have any))[a-z0-9 ]*"],
    )
});

static ASKING_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[],
        &[
            r"多久|(?:^|[^好])几天|几点|几号|多少(?:钱|天|元|时间)|什么时候|啥时候|如何|怎样|哪里|去哪|在哪|哪儿|能不能|能否",
            r"可不可以|可以.{0,8}吗|怎么(?:关|退|办|弄|投|申请|操作|才|取消|查|算|改|赔|收|用|开|处理|走|联系商家)",
            r"(?:还要|要|需要|会|能)我?.{0,8}(?:吗|么)$|最(?:晚|迟|快|多|少)",
        ],
        &[
            r"(?:到底|究竟|都)[^\n]{0,6}(?:什么时候|多久|能不能|怎么办)[^\n]{0,6}|什么时候能?(?:给|才)[^\n]{0,6}",
            r"(?:能不能|可不可以)(?:快|有点|好好|别|滚|闭嘴)[^\n]{0,6}|还要我?(?:等|拖)[^\n]{0,3}(?:多久|几天|多长)",
            r"(?:tmd|他妈的?|特么|尼玛|妈的|到底)[^\n]{0,4}(?:什么时候|啥时候|多久|几天)[^\n]{0,6}",
        ],
    )
});

/// Whether the customer has had enough of the machine, or of asking.
pub fn of_the_machine(sentence: &str) -> Option<String> {
    let in_words = has_latin(sentence).then(|| MACHINE.words(sentence)).flatten();
    in_words.or_else(|| has_han(sentence).then(|| MACHINE_ZH.words(sentence)).flatten())
}

/// Whether the customer is angry at how they are treated.
pub fn with_us(sentence: &str) -> Option<String> {
    let in_words = has_latin(sentence).then(|| ANGER.words(sentence)).flatten();
    in_words.or_else(|| has_han(sentence).then(|| ANGER_ZH.words(sentence)).flatten())
}

/// Whether the sentence asks something that a policy may answer.
pub fn asks(sentence: &str) -> bool {
    (has_latin(sentence) && ASKING.heard(sentence)) || (has_han(sentence) && ASKING_ZH.heard(sentence))
}
