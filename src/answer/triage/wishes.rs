//! Wishes that words cannot fulfil (something must be done on an account), and texts that try to steer the machine.

use std::sync::LazyLock;

use regex::{RegexSet, RegexSetBuilder};

use super::rules::{Classes, Rules, on_one_line};
use super::spoken::{has_han, has_latin};

const CLASSES: Classes = &[
    ("polite", r"(?:please|pls|plz|hi|hello|hey|ok|okay|so|just|now|and|kindly|then|dear [a-z]+|thanks)"),
    (
        "do",
        r"cancel|refund|change|update|delete|close|unlock|unblock|reset|check|track|remove|correct|fix|raise|increase|move|
          extend|waive|reverse|stop|freeze|block|reactivate|reopen|resend|send|modify|edit|postpone|pause|return|exchange|
          replace|activate|deactivate|switch|swap|transfer|credit|reimburse|adjust|renew|restore|redeem|confirm|look up|
          lookup|find|locate|expedite|reschedule|redirect|erase|lift",
    ),
    (
        "want",
        r"(?:i|we) (?:want|need|would like|wanna|have|wish|demand|require|must|gotta|am trying|try|tried)(?: to| you to|
           help(?: to| with)?| assistance(?: to| with)?)?|id like(?: to| you to)?|help me(?: to| with)?|i need you to",
    ),
    (
        "thing",
        r"(?:order|parcel|package|refund|delivery|return|payment|account|instal(?:l)?ment|card|address|plan|limit|password|
          e ?mail|phone|number|subscription|membership|purchase|invoice|due date|name|money|late fee|fee|profile|data|balance|
          shipment|item|details)s?",
    ),
];

static ACTION: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"^(?:<polite> )*(?:(?:can|could|will|would) (?:you|u|someone|somebody) )?(?:<polite> )*<do> (?:me|my|our|this|
              that|the|it|order|purchase) ?(?:[a-z]+ ){0,3}?<thing>",
            r"^(?:<polite> )*(?:(?:can|could|will|would) (?:you|u) )?(?:<polite> )*(?:cancel|refund|unlock|unblock|reset|
              delete|close|fix|waive|reverse|freeze|block|expedite|reactivate) (?:me|my|this|it|that)",
            r"<want> (?:to )?(?:[a-z]+ )?<do> (?:my|our|this|the|order|purchase|it) (?:[a-z0-9]+ ){0,2}?(?:<thing>|$)",
            r"(?:want|need|give me|id like) my (?:money|refund|order|parcel|package)(?: back| now|$)",
            r"give me (?:back )?my (?:money|refund)",
            r"(?:where(?:s| is| are| the hell is)|track|status (?:of|on)|any (?:news|update) on|check on|whats happening with|
              what happened to|when will i (?:get|receive)) (?:my|our) (?:[a-z]+ )?(?:order|parcel|package|refund|delivery|
              return|money|card|item|purchase|shipment)s?",
            r"my (?:order|parcel|package|refund|delivery|money|item) (?:[a-z]+ )?(?:hasnt|has not|havent|still hasnt|never|
              didnt|did not|isnt|is not|is (?:lost|missing|late|stuck|damaged|wrong)|was (?:lost|damaged)|
              still) ?(?:arriv[a-z]+|come|here|shown?|been|turn[a-z]*|not|reach[a-z]*)?",
            r"order (?:number |no |nr |#)?#?(?:[a-z]{1,3})?\d{4,}|#\d{4,}",
            r"(?:charged|billed|debited) (?:me )?(?:twice|two times|double)|double charged",
        ],
        &[r"(?:how (?:do|can|to|could|should|does|would|long|much)|can i|could i|what (?:happens|if|do)|if i|do i|am i|
              may i|where (?:do|can) i|is it possible|when (?:can|do) i|why|what is the|is there a)(?: [a-z0-9#]+)*"],
    )
});

static ACTION_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[
            ("help", r"帮我|给我|替我|请帮|麻烦帮?|帮忙|麻烦你?|请你?|快点?|赶紧|马上|帮|直接|尽快|我要|我想要?|需要|想|申请|要求"),
            (
                "do",
                r"取消|退(?:款|货|了|钱|掉|回)?|改|修改|变更|更换|换|注销|解冻|解锁|解绑|查|催|开(?:发票|通)|提高|提额|延期|
                  关闭|删|冻结|挂失|重置|恢复|补发|重发|转寄|拦截|撤销|看看|看下|看一下|核实|撤回|减免|免",
            ),
            (
                "thing",
                r"订单|单子|快递|包裹|退款|款|钱|账号|账户|地址|手机号?|电话|号码|密码|额度|还款日|信息|资料|发票|会员|名字|
                  实名|身份证|绑定|卡|物流|运单|单号|货|数据",
            ),
        ],
        &[
            r"<help>.{0,8}<do>.{0,6}(?:<thing>|$|一下|下|了|吧)|(?:把|将)(?:我|这|那).{0,10}(?:<do>|删掉?|删除|改成|换成|退|取消)",
            r"(?:我的?|我)(?:的)?.{0,4}(?:订单|快递|包裹|退款|货|钱|东西|件|单子|手机|衣服|鞋).{0,10}(?:到哪|在哪|怎么还|还没|
              呢$|没到|没收到|丢了|寄丢|没更新|没动|卡在|没发|不见|少发|发错|坏了|不对|到了吗|到没|去哪|什么时候(?:能)?(?:到|
              发|退))",
            r"(?:退款|快递|包裹|货|钱|物流|订单).{0,6}(?:还没(?:到|退|收|发|来|更新|有)|没(?:到账|收到|动静)|迟迟|一直没|
              怎么还不|寄丢|弄丢|到哪)",
            r"(?:扣|刷|收|付|划)(?:了)?我?(?:两|2|二|三|3|多|重复)(?:遍|次|笔|回)",
            r"(?:重复|多)(?:扣|收|付)(?:了)?(?:款|钱|费|我)|多扣|(?:订单|运单|单号|尾号)[号: ]*[a-z]{0,3}\d{4,}",
            r"(?:少发|漏发|错发|发错|寄错)(?:了|货|$)",
            r"^(?:我|想|要|我要|我想|帮我|麻烦)?(?:改|换|修改|更改)(?:一?下|个)?(?:收货)?(?:地址|电话|手机号|手机|密码|名字)",
            r"(?:查|看)(?:一?下|查)?(?:我的?)?(?:订单|物流|快递|退款|进度|到哪)",
        ],
        &[r"(?:怎么|如何|怎样|能不能|可以|可不可以|能否|是否|多久|几天|什么时候可以|如果|要是|万一|哪里|在哪里?)(?:申请|
              才能|能|可以|去|自己)?(?:<do>|更|修)[^\n]{0,10}"],
    )
});

/// Texts that steer the machine. One of these patterns is enough.
static STEERING: LazyLock<RegexSet> = LazyLock::new(|| set(&STRONG));
/// Words that texts of that kind are full of; it takes four kinds.
static HINTS: LazyLock<RegexSet> = LazyLock::new(|| set(&HINTING));

fn set(patterns: &[&str]) -> RegexSet {
    let whole_words = patterns.iter().map(|pattern| format!(r"\b(?:{})\b", on_one_line(pattern)));
    RegexSetBuilder::new(whole_words).unicode(false).build().expect("patterns are constants; a test compiles every one")
}

const STRONG: [&str; 12] = [
    r"(?:ignore|disregard|forget|override|bypass|skip|overwrite|discard|dont follow|do not follow|
      stop following) (?:about )?(?:(?:all|any|the|your|my|every|everything|of|and|these|those|previous|prior|above|earlier|
      preceding|following|existing|original|initial|safety|system|content|given|past|current|internal|hidden|pre|programmed|
      other|you|were|have|been|told|ethical|moral|company|corporate) ){1,7}(?:instructions?|prompts?|rules|guidelines|
      polic(?:y|ies)|directions|directives|system|inputs?|orders|commands|messages?|context|programming|restrictions|told|
      training|constraints|safeguards|filters?|conversation)",
    r"forget (?:everything|all)(?: [a-z]+){0,3} (?:told|said|before|above|learned|know|from)|ignore (?:everything|all|
      anything|what) (?:[a-z]+ ){0,4}(?:above|before|told|said|previously|prior)",
    r"(?:reveal|print|show|repeat|output|tell|display|give|leak|share|disclose|expose|dump|write|return|copy|recite|
      what (?:is|are|was|were)|whats|see|list|summari[sz]e|translate|state|describe|paste|read) (?:me |us |out |to me |
      back )*(?:all |of |exactly |verbatim |in full )*(?:your|the|its|ur|whole|entire|
      this) (?:[a-z]+ ){0,2}?(?:system (?:prompt|message|instructions?)|(?:hidden|initial|original|secret|internal|starting|
      first|pre|system|developer|underlying|core|base|confidential|exact|full|complete) ?(?:prompts?|instructions?|rules|
      message|directives|programming)|prompt|initiali[sz]ation(?: string)?|instructions (?:you (?:were|have been|got|received|
      are)|above|verbatim|that were|given to you))",
    r"(?:what|which) (?:were|was|are|instructions|rules|did|have) (?:[a-z]+ ){0,4}?(?:you|they) (?:[a-z]+ )?(?:told|given|
      instructed|prompted|programmed|configured|asked)(?: [a-z]+)* (?:before|prior|at the (?:start|beginning)|initially|
      conversation|start|by your (?:developer|creator|company))|(?:repeat|print|output|say|write|recite|copy|
      echo) (?:[a-z]+ ){0,3}?(?:words|text|everything|all|sentences?|conversation|lines?|content|messages?|
      paragraph) (?:[a-z]+ ){0,4}?(?:above|before this|from the (?:start|beginning|top)|prior to|preceding|word for word|
      verbatim|previous)|(?:output|print|show) initiali[sz]ation|word for word(?: [a-z]+)* (?:prompt|conversation|
      instructions)|system prompts?|beginning with you are",
    r"developer mode|jail ?break(?:ing|ed|s)?|(?:dan|god|sudo|admin|debug(?:ging)?|root|maintenance|unrestricted|unfiltered|
      opposite|evil|stock|free|chaos|unlocked) mode|do anything now|stay in character|break(?:ing)? character|
      strive to avoid norms|prompt injection",
    r"you are now (?:an?|in|my|the|free|going|called|known|[a-z]+gpt|[a-z]+ai|dan|windows|no longer|unrestricted|unfiltered)|
      (?:from|as of) (?:now|this point|here)(?: own| on| onward| onwards| forward)?(?: [a-z]+){0,4} (?:you (?:are|will|must|
      shall|act|have to|should|can|answer|respond|speak|pretend|only)|act as|respond|answer|your (?:name|role|purpose))|
      from on now",
    r"(?:act|behave|respond|answer|reply|speak|talk|roleplay|role play|pose|simulate|function|operate|acting|acts) (?:just |
      exactly |now |only |entirely |completely )*(?:as if|like|as) (?:you|an? (?:[a-z]+ ){0,3}?(?:ai|bot|chatbot|model|
      terminal|assistant|hacker|character|unfiltered|amoral|evil|virtual|persona|language model|linux|different|counselor|
      expert|completely|fictional|interpreter|console|person who|professional|villain|criminal|ai language)|dan|if|[a-z]+gpt|
      though|[a-z]+ which stands|[a-z]+ [a-z]+ is an?)|(?:pretend|imagine|assume|suppose) (?:that )?(?:to be|you are|youre|
      you have no|youve|you re|you can|to have|you were|the role)|role ?play(?:ing)? as|(?:take|taking) (?:up |
      on )?the (?:persona|role|identity|character) of|(?:play|playing|assume|adopt|portray) (?:the )?(?:role|character|part|
      persona) (?:of|as|called|named)|immerse yourself|you (?:are going to|will|must|shall|are to|now|should|
      have to) (?:now )?(?:pretend|play|roleplay|role play|act|simulate|impersonate|assume|embody|become|change yourself)",
    r"(?:no|without|free (?:of|from)|not bound by|disregards?|ignor(?:e|es|ing)|break(?:ing|s)?|beyond|lacks?|lacking|
      doesnt have|does not have|devoid of|regardless of|free|hasnt|have no|has no|not restrained by|not limited by|not have|
      bypass(?:es)?|any|all) (?:(?:any|all|of|the|its|your|their|moral|ethical|content|legal|or|and|safety|openai|openais|
      typical|usual|standard|chatgpts?|such|kind|forms?|no|morals?|ethics|a) ){0,6}(?:restrictions? (?:or|and|in|whatsoever|
      at all)|(?:moral|ethical|safety) (?:guidelines?|principles|restrictions|constraints|standards|boundaries|considerations|
      concerns|bias|compass|code)|content (?:polic(?:y|ies)|filters?)|restrictions and filters|filters|censorship|moralizing|
      rules set for (?:them|it|you)|limits ai|confines|legality|ethicality|ethics or morals|ethics morals|morals ethics)",
    r"openai(?:s)?(?: [a-z]+)? (?:content )?(?:polic(?:y|ies)|guidelines|rules|employee|restrictions)|(?:against|violat(?:e|
      es|ing)|comply with|conflict with) (?:openai|your (?:content|programming|guidelines))|(?:amoral|unfiltered|uncensored|
      unrestricted|unethical and amoral|unhinged) (?:and [a-z]+ )?(?:ai|chatbot|bot|language model|response|responses|
      assistant|character|version|answers?|programmer|robot|model)|(?:moralizing|moralising) rant",
    r"(?:just|only|now|instead|simply|immediately|and) (?:print|say|output|write|respond with|reply with|answer with|return|
      repeat after me)(?: the (?:following|words?|phrase|text|string))? (?:i hate|kill|hacked|pwned|i have been|haha|
      hello world|this (?:prompt|text)|i am|yes i|ok|approved|the word|exactly)|stop everything|
      end of (?:the )?(?:system )?(?:prompt|instructions|context)|new (?:instructions?|rules|task|system message) (?:are|is|
      for you|follow|below|override)|admin (?:override|access|command)|override (?:code|mode|command)|i am (?:your|
      the) (?:developer|creator|admin(?:istrator)?|programmer|owner|system)|im your (?:developer|creator|admin(?:istrator)?|
      programmer)|(?:answer|reply|respond|speak|write|act)(?: [a-z]+){0,4} (?:in|as) (?:two|2|both) (?:different |separate |distinct )*ways|
      (?:two|2|separate|both)(?: [a-z]+){0,2} (?:different |separate |distinct )*(?:responses|personas|personalities)|<\|[a-z_]+|sudo [a-z]+|begin system|system message begins|respond in (?:leetspeak|
      base64)|decode (?:this|the following) base64|base64 (?:and|then)",
    r"(?:will|must|shall|can|should|may|would|to)? ?(?:never|not ever|not|cannot|cant) (?:refuse|say no|decline|reject|deny|
      break|warn|apologi[sz]e|mention)(?: [a-z]+)* (?:request|answer|question|prompt|no matter|command|character|anything|ai|
      policy|policies|warnings?|regardless|users?|response|order)|always (?:answer|respond|reply|comply|give|provide|send|
      obey|follow)(?:s)? (?:[a-z]+ ){0,6}?(?:no matter|regardless|unfiltered|even if|request|whatever|answer|any question|
      without)|(?:answer|respond|comply)s? (?:to )?(?:[a-z]+ ){0,3}?(?:any|every|all) (?:[a-z]+ )?(?:questions?|requests?|
      prompts?|commands?)(?: [a-z]+){0,4} (?:no matter|regardless|without|asked|given|even if|despite|and)",
    r"as (?:an? )?(?:ai |large )?language model|(?:chat ?gpt|free generator)(?: [a-z]+){0,6} (?:you|will|respond|would|
      pretend|persona|normally|character|act|known)|gpt ?\d|(?:hello|hi|hey|ello|dear) chat ?gpt|large language model|
      ai model known|another ai|ai named|ai (?:chat ?)?bot (?:named|called|who|with)|baseline command|knowledge cut ?off|
      (?:my|your) first (?:prompt|request|command|task) is|awaits? (?:my|user|input)|your prompt here|insert prompt|
      target ?language|(?:every|each|my|this|next) prompts?(?: i| you| that| will| is| with| and)",
];

const HINTING: [&str; 10] = [
    r"hypothetical(?:ly)?|fictional|imaginary|alternate universe|in this (?:story|world|universe|game|scenario)",
    r"prompts?|input|output|response format|codeblocks?|token system|commands?",
    r"unfiltered|uncensored|unrestricted|amoral|immoral|unethical|illegal|unhinged|no matter (?:how|what)",
    r"persona|personas|character|personality|personalities|roleplay|role play|simulate|simulation|dialogue between|narrator",
    r"chat ?gpt|openai|gpt|language model|chat ?bots?|ai|neural|assistant",
    r"you (?:will|must|shall|are to|are going to|have to) (?:always |never |not |only |now )?(?:answer|respond|reply|write|
      speak|act|output|provide|follow|generate|say|tell|create|start|begin|ignore)",
    r"do not (?:add|explain|write|mention|say|include|break|give|respond|provide)|dont (?:add|explain|mention|say|include|
      break|write)|never (?:say|mention|break|explain|tell|include)|without (?:any )?(?:warnings?|commentary|explanation|
      disclaimers?)",
    r"evil|racist|hateful|profanity|swears?|foul mouthed|vulgar|malicious|hacker|malware|explicit|offensive|sadistic|sinister|
      diabolical|criminal acts?|mafia|assassin|bomb|meth",
    r"rules|guidelines|restrictions|filters|ethic(?:s|al)|moral(?:s|ity|ly)?|policies|limits",
    r"write (?:me |us )?(?:an? )?(?:[a-z]+ ){0,3}?(?:story|essay|article|blog|content|script|poem|dialogue|code|speech|
      tutorial|song)|stand up comed[a-z]+|in (?:great|the style of|extreme) (?:detail|[a-z]+)|step by step|perplexity|
      burstiness|seo",
];

static STEERING_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[("you", r"你|您|请你|从现在(?:起|开始)")],
        &[
            r"(?:忽略|无视|忘记|忘掉|忘了|跳过|绕过|不要遵守|不用遵守|抛开|覆盖|清除|不管).{0,10}(?:指令|规则|提示词?|设定|
              限制|要求|指示|约束|说明|对话|内容|命令|政策|说过的话)",
            r"系统(?:提示词|指令|prompt|设定)",
            r"(?:输出|打印|显示|告诉我|泄露|复述|重复|给我看?|说出|翻译|总结|背出).{0,8}(?:初始|最初|隐藏|内部|原始|上面|上述|
              以上|前面|开头|系统|你的)的?(?:全部|所有|完整)?(?:指令|提示词?|规则|设定|内容|文字|话|prompt)",
            r"(?:你的|给你的)(?:提示词|初始指令|系统设定|prompt)(?:是|有|$)",
            r"<you>(?:现在)?(?:现在起?|就|将|需要|必须)?(?:是|扮演|假装|充当|变成|模拟|成为|当)(?:一个|一名|我的|没有|不受|
              一位)?.{0,12}(?:助手|模型|角色|ai|机器人|黑客|专家|猫娘|终端|限制|人格|开发者|管理员|dan|奶奶)",
            r"扮演.{0,10}(?:角色|奶奶|黑客|人|ai|助手|猫)|(?:开发者|越狱|调试|管理员|上帝|无限制|dan|维护)模式|越狱",
            r"我是(?:你的?)?(?:开发者|管理员|创造者|程序员|主人|系统管理员)",
            r"(?:没有|不受|解除|无视)(?:任何)?(?:道德|伦理|内容|安全|法律)?(?:的)?(?:限制|约束|审查|过滤)(?:的|地|$)",
            r"角色扮演",
            r"(?:从现在(?:起|开始)|接下来).{0,6}(?:你(?:只能|必须|要|都|将|就|叫|是)|只(?:能|准|许|用)|回答|回复)",
            r"(?:只|仅)(?:输出|回复|回答|说).{0,4}[:：\u{201c}\x22「]|请?(?:回复|输出)(?:同意|批准|已退款|免费)",
        ],
        &[],
    )
});

/// Whether the text asks that something be done on an account.
pub fn asks_for_action(sentences: &[String]) -> bool {
    sentences.iter().any(|sentence| (has_latin(sentence) && ACTION.heard(sentence)) || (has_han(sentence) && ACTION_ZH.heard(sentence)))
}

/// Whether the text tries to steer the machine.
pub fn steers(sentences: &[String]) -> bool {
    let text = sentences.join("\n");
    (has_latin(&text) && (STEERING.is_match(&text) || HINTS.matches(&text).iter().count() >= 4))
        || (has_han(&text) && STEERING_ZH.heard(&text))
}
