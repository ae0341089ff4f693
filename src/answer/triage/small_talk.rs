//! Sentences that want a friendly word, not a policy: the whole text must be one, so that "hello, what is the fee?" is a question.

use std::sync::LazyLock;

use super::SmallTalk;
use super::rules::Rules;

/// What may stand around the words that count. A gap is a space, a comma, or nothing in Chinese.
const CLASSES: &[(&str, &str)] = &[
    (
        "bot",
        r"(?:chat ?|ro)?bots?|humans?(?: beings?)?|persons?|people|machines?|ai|a i|computers?|real|automated|virtual|
          artificial(?: intelligence)?|agents?|program|someone real|robotic|skynet|chat ?gpt|gpt|llm|siri|alexa|alive",
    ),
    (
        "kind",
        r"an?|the|real|actual|live|just|even|really|actually|still|only|some|kind of|sort of|sure|that|you are|youre|genuine|
          like|kinda|customer service|support|human|true|not",
    ),
    (
        "opener",
        r"wait|so|hi|hello|hey|hmm+|um|uh|ok|okay|oh|but|and|sorry|lol|haha|just curious|quick question|excuse me|well|cuz|
          because|please|tell me|honestly|one question|be honest|seriously|yo|good (?:morning|afternoon|evening)",
    ),
    (
        "ending",
        r"right|lol|haha|please|or what|then|btw|though|here|there|now|today|actually|by the way|anyway|or not|at all|
          yes or no|correct",
    ),
];

static KINDS: LazyLock<[(Rules, SmallTalk); 4]> = LazyLock::new(|| {
    let whole = |phrases: &[&str]| Rules::of_script(CLASSES, phrases, &[]);
    [
        (
            whole(&[
                r"\A(?:hi+|hey+|hello+|helo|hallo|hiya|yo+|sup|whats up|good (?:morning|afternoon|evening|day)|morning|
                  evening|greetings|howdy|aloha|namaste|bonjour|hola|ciao|ola|guten (?:tag|morgen)|moin|salut|hei|hej|merhaba|
                  привет|здравствуйте|こんにちは|안녕하세요|안녕|مرحبا|नमस्ते)(?:[ \n]+(?:there|again|all|everyone|everybody|
                  team|you|bot|guys|folks|mate|sir|madam|friend|good (?:morning|afternoon|evening|day)|hi|hey|hello|
                  how are you(?: doing)?(?: today)?|hows it going|hope (?:you are|youre) well|to you|anyone there|
                  is anyone there|are you there|nice to meet you|kestrow|assistant|support))*\z",
                r"\A(?:how are you(?: doing)?(?: today)?|hows it going|how do you do|nice to meet you|are you there|anyone there)\z",
                r"\A(?:你好|您好|嗨|哈喽|哈罗|哈啰|hello|hi|在吗|在么|在不在|在嘛|有人在吗|早上好|上午好|中午好|下午好|晚上好|
                  早安|晚安好|早|早呀|大家好|亲|客服)(?:[ \n]*(?:啊|呀|呢|吗|哦|哟|哈|客服|亲|小助手|助手|机器人|小姐姐|你好|
                  您好|在吗|在么|在不在|在嘛|啦|各位|早上好|晚上好|下午好))*\z",
            ]),
            SmallTalk::Greeting,
        ),
        (
            whole(&[
                r"\A(?:(?:ok|okay|k|great|perfect|cool|good|nice|awesome|alright|yes|yep|yeah|wow|brilliant|excellent|
                  wonderful|lovely|super|fantastic|got it|gotcha|i see|understood|no|nope|oh|ah|right|ha|haha|lol|fine|sweet|
                  fab|good to know|all good|that helps|that helped|that was (?:helpful|quick|great)|very helpful|
                  makes sense)[ \n]+)*(?:(?:many |a million )?thanks?|thank (?:you|u|ya)|thankyou|thx|thnx|tnx|tanks|ty|tysm|
                  cheers|ta|much appreciated|appreciate (?:it|that|your help|the help)|i (?:really )?appreciate (?:it|that|
                  your help|the help)|merci|gracias|danke|grazie|obrigad[oa]|спасибо|ありがとう|감사합니다|شكرا|
                  धन्यवाद)(?:[ \n]+(?:a lot|a bunch|so much|very much|very|much|a million|again|you|u|ya|for (?:the|your|
                  all your|all the|that|this|everything|helping)(?: (?:quick|kind|great|fast|clear))?(?: (?:me|help|answer|
                  answers|info|information|reply|response|time|support|explanation|assistance|out|clarification))*|that helps|
                  that helped|thats (?:all|it|great|helpful|perfect)(?: i (?:needed|wanted)(?: to know)?)?|
                  that was (?:helpful|all|great|quick)(?: i needed)?|bye|goodbye|mate|buddy|friend|bot|indeed|all|guys|team|
                  have a (?:good|nice|great) (?:day|one|evening|weekend)|youre (?:great|the best|awesome)|you are (?:great|
                  the best|awesome|very helpful)|very helpful|great help|i (?:will|ll) (?:try|do) that|no (?:more|
                  further) questions|all good|cheers|take care|appreciate it|got it|anyway|lol|haha|for now|and bye|
                  and goodbye|then|perfect|great|and have a nice day))*\z",
                r"\A(?:(?:好的?|嗯+|行|可以|ok|明白了?|知道了|懂了|了解了?|清楚了|收到|好嘞|好滴|没问题|原来如此|哦+|噢|
                  太好了)[ \n啊呀啦吧]*)*(?:非常感谢|十分感谢|万分感谢|太感谢|多谢|感谢|谢谢|谢了|谢啦|谢过|thanks|3q|thx|
                  辛苦了?|麻烦(?:你|您)了|感恩|蟹蟹)(?:[ \n]*(?:谢谢|啦|了|你|您|哈|啊|哦|呀|们|亲|的|帮助|解答|回复|帮忙|
                  耐心|客服|小助手|再见|拜拜|辛苦|支持|很|非常|大家|提醒|告知|指导|咯|喽|哟|没事了|没有了|不用了|没别的了|
                  没问题了))*\z",
            ]),
            SmallTalk::Thanks,
        ),
        (
            whole(&[
                r"\A(?:(?:ok|okay|great|alright|cool|thanks|well|no|nope|fine|perfect|right|yes|thank you|
                  got it)[ \n]+)*(?:bye+|bye ?bye|goodbye|good bye|good ?night|see (?:you|ya|u)|cya|later|ttyl|farewell|
                  take care|so long|adios|ciao|tschuss|au revoir|have a (?:good|nice|great) (?:day|one|evening|night|weekend)|
                  thats all|that is all|thats it|im done|i am done|that will be all|thatll be all|nothing else|
                  no more questions|no further questions|i have no (?:more|further|other) questions|gotta go|i have to go|
                  пока|до свидания|さようなら)(?:[ \n]+(?:bye|now|later|soon|thanks|thank you|for now|for today|then|tomorrow|
                  around|i (?:needed|wanted)(?: to know)?|from me|again|you too|and take care|and thanks|bot|everyone|all|
                  have a (?:good|nice|great) (?:day|one|evening|night|weekend)))*\z",
                r"\A(?:(?:好的?|嗯+|行|可以|ok|那|那就|谢谢|明白了?|知道了)[ \n啊呀啦吧]*)*(?:再见|再会|拜拜?|88|886|回见|
                  回头见|下次见|下次聊|晚安|没事了|没有了|没别的(?:事|问题)?了|没有?(?:其他|别的|其它)?(?:问题|事)了?|不用了|
                  就这样吧?|先这样吧?|就这些|不聊了|我先走了|下了)(?:[ \n]*(?:啦|了|吧|哈|哦|呀|谢谢|你|您|再见|拜拜|辛苦|
                  祝你愉快|客服))*\z",
            ]),
            SmallTalk::Goodbye,
        ),
        (
            whole(&[
                r"\A(?:<opener>[ \n]+)*(?:(?:are|r|arent|ar|were) (?:you|u|ya|we|these)|(?:is|isnt) (?:this|it|that|
                  there)(?: (?:chat|conversation|just|being|here))?|(?:am|are) (?:i|we)(?: (?:just|really|actually|currently|
                  even))* (?:talking|speaking|chatting|texting|writing|typing|connected|dealing)(?: (?:to|with))?|(?:do|
                  did) i (?:talk|speak|chat) (?:to|with)|(?:you|u|youre|ur)(?: are| must be| sound like)?|cuz you are|
                  not)(?: <kind>)* (?:<bot>)(?:[ \n]+(?:or|not|and)(?: (?:are|am) (?:you|i))?(?: (?:talking|speaking|
                  chatting) (?:to|with))?(?: <kind>)*(?: <bot>)?| being| person| replying| answering| typing| behind this|
                   talking)*(?:[ \n]+<ending>)*\z",
                r"\A(?:<opener>[ \n]+)*(?:(?:bot|robot|ai|machine|computer|chatbot) or (?:a )?(?:real )?(?:human|person)|
                  (?:human|person|real person) or (?:an? )?(?:bot|robot|ai|machine|computer|chatbot)|real (?:bot|human|
                  person) then|(?:who|what) (?:exactly )?(?:are|r) (?:you|u)(?: (?:exactly|anyway|called|named))?|
                  whos? (?:is )?(?:this|there|that)|who (?:am|are) (?:i|we) (?:talking|speaking|chatting)(?: (?:to|
                  with))?(?: (?:here|now|right now|please))?|(?:whats|what is) your name|(?:do|have) you (?:have|got) a name|
                  who (?:made|built|created|trained|wrote|programmed|designed) you|what (?:can|do) you do|what (?:can|could|
                  do) you (?:help|assist)(?: me)?(?: with)?|how can you help(?: me)?|what (?:kind|sort|type) of (?:bot|ai|
                  assistant|machine|robot) (?:are you|is this)|introduce yourself|tell me about yourself|what is this (?:bot|
                  chat|thing)|is this (?:a )?live chat)(?:[ \n]+<ending>)*\z",
                r"\A(?:(?:请问|那个|等等|话说|想问下?|问一?下|我想知道|哎|喂|亲|你好|您好|那)[ \n]*)*(?:(?:你|您|这|对面|现在|
                  我(?:现在|是)?在?(?:跟|和)|你们|这边|这里|那边)(?:们|边|里|个)?(?:现在)?(?:到底|究竟|真的|应该|
                  不会)?(?:是不是|是|不是|跟|和|在)?|是不是|是|不是|到底是|究竟是)(?:一个|个|真的|在(?:跟|和)|
                  真)?(?:聊天)?(?:机器人|机器|真人|人工|活人|ai|智能客服|人工智能|人工客服|人工服务|真的?人|人类|电脑|程序|
                  自动回复|客服|谁|什么|人|女的|男的|大活人|真客服|机器客服)(?:客服|服务|回复|聊天|在聊|在回复|说话|对话|聊|
                  吗|在)*(?:[ \n]*(?:还是|或者?|or)(?:一个|个|真的?|是)?(?:机器人|机器|真人|人工|活人|ai|智能客服|人|人类|
                  程序|客服)(?:客服|服务)?)?[ \n]*(?:的|吗|么|呢|呀|啊|吧|嘛|对吧|对吗|是吗|不是|对不对)*\z",
                r"\A(?:(?:人工|真人|机器人|机器|活人|ai)(?:客服|服务)?(?:的)?(?:吗|么|吧|嘛)|(?:机器人|机器|ai|人工|真人|
                  人)(?:客服)?还是(?:真人|人工|人|机器人|机器|ai)(?:客服)?(?:呢|啊|呀|吗)?|你叫什么(?:名字|呢|呀)?|
                  你(?:是)?谁(?:啊|呀|呢)?|你(?:能|会|可以)(?:做|干|帮我(?:做|干)?)(?:些|点)?(?:什么|啥|嘛)(?:呢|呀|啊)?|
                  (?:自我介绍|介绍一下你自己|介绍下自己)|谁(?:开发|做|训练|创造)(?:了|的)?你(?:的)?|你有(?:什么|哪些)(?:功能|
                  用)|who are you|我在跟谁(?:说话|聊天|聊|对话))(?:呢|呀|啊|吗)*\z",
            ]),
            SmallTalk::WhoAreYou,
        ),
    ]
});

/// What kind of small talk the whole text (its plain sentences) is, if it is nothing else.
pub fn small_talk(sentences: &[String]) -> Option<SmallTalk> {
    // no small talk is long, and joining is cheap: "Hi! How are you?"
    let text = sentences.join("\n");
    if text.len() > 160 {
        return None;
    }
    KINDS.iter().find(|(rules, _)| rules.heard(&text)).map(|(_, kind)| *kind)
}
