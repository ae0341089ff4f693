//! Who asks for a person, in English: a verb of speaking or reaching with a word for a person.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::rules::{Classes, Rules};
use super::spoken;

/// Words of one kind become one word, so that patterns stay short: "speaking with any operators" is "talk with any agent".
fn kind(word: &str) -> &str {
    match word {
        "humans" | "hooman" | "hoomans" | "humna" | "humanoid" => "human",
        "agents" | "operator" | "operators" | "representative" | "representatives" | "supervisor" | "supervisors" => "agent",
        "rep" | "reps" | "adviser" | "advisers" | "advisor" | "advisors" | "manager" | "managers" | "mgr" | "staff" | "employee"
        | "employees" | "colleague" | "colleagues" | "coworker" | "coworkers" | "worker" | "workers" | "handler" | "boss" | "superior"
        | "superiors" | "specialist" | "specialists" | "expert" | "experts" | "consultant" | "consultants" | "receptionist" | "clerks"
        | "technician" | "technicians" | "executive" | "csr" | "teammate" | "assistant" | "assistants" | "associate" | "attendant" => {
            "clerk"
        }
        "persons" => "person",
        "somebody" | "some1" | "sum1" | "sm1" | "sb" | "anyone" | "anybody" | "any1" | "sombody" | "whoever" => "someone",
        "live" | "living" | "actual" | "actually" | "genuine" | "proper" | "breathing" | "physical" | "fucking" | "fuckin" | "fckin"
        | "freaking" | "frigging" | "goddamn" | "damn" | "damned" | "bloody" | "senior" | "qualified" | "competent" | "trained"
        | "nice" | "smart" | "local" | "sane" | "normal" | "alive" | "flesh" | "sentient" => "real",
        "bots" | "robot" | "robots" | "chatbot" | "chatbots" | "machine" | "machines" | "computer" | "computers" | "ai" | "robotic"
        | "automation" | "algorithm" | "software" | "program" | "script" => "bot",
        "speak" | "spk" | "speek" | "speaking" | "talking" | "talkin" | "tlk" | "tak" | "tok" | "chat" | "cht" | "chatting"
        | "conversing" | "converse" | "communicate" | "communicating" | "correspond" => "talk",
        "2" | "t" | "too" | "tot" | "ot" => "to",
        "w" | "wit" | "wiht" | "wth" => "with",
        "services" | "support" | "care" | "assistance" | "relations" => "service",
        "ur" | "ya" => "your",
        "client" => "customer",
        "members" => "member",
        "pls" | "plz" | "plss" | "asap" | "immediately" | "urgently" | "ffs" | "thanks" | "thx" | "instantly" => "please",
        other => other,
    }
}

/// `sentence` in kinds of words.
fn in_kinds(sentence: &str) -> Cow<'_, str> {
    let mut kinds = String::with_capacity(sentence.len() + 8);
    for word in sentence.split_inclusive([' ', '\n']) {
        let (letters, end) = word.split_at(word.trim_end().len());
        kinds.push_str(kind(letters));
        kinds.push_str(end);
    }
    Cow::Owned(kinds)
}

/// Over kinds of words (see [`kind`]), except where a class says otherwise.
const CLASSES: Classes = &[
    (
        "role",
        r"(?:member of (?:the |your )?|team |case |co |customer service |service |tech |help ?desk )?(?:human|agent|clerk|
          person)(?: (?:being|beings|agent|person|clerk|service|help|member))?|(?:customer service|service) (?:team|people)|
          team (?:member|lead|mate|leader)|member of (?:the |your )?(?:team|service team)|real (?:talk|service|help)",
    ),
    (
        "service",
        r"(?:the |your |a )?(?:customer service|service (?:team|desk|line)|help ?desk|help line|call cent(?:er|re)|
          head office|management|complaints (?:team|department)|hotline)",
    ),
    ("det", r"an?|the|your|any|some|one|another|different|other|of|you|all|those|that|this|please|just|more|better"),
    ("some", r"(?:(?:<det>|real|human) )*"),
    ("someone", r"someone|(?:some|any) (?:one|body)|a (?:man|woman|guy|lady|bloke)"),
    (
        "beings",
        r"(?:<det> )*(?:real|human|non bot) (?:(?:real|human|and blood) )*(?:<role>|people|one|man|woman|someone|being|beings|
          service|body|guy|lady)|(?:someone|people) (?:real|human)|real and blood|(?:one of |any of |some of )?your (?:people|
          guys|team|lot)",
    ),
    ("person", r"<some>(?:<role>)|<beings>|(?:<det> )?<someone>"),
    (
        "reach",
        r"contact|contacting|reach|reaching|call|calling|phone|phoning|ring|ringing|message|messaging|page|(?:get|put me|
          put us|be put|getting|be) (?:a ?hold of|hold of|through to|in touch with|connected (?:to|with)|put through to|
          in contact with|over to|to)|get",
    ),
    (
        "pass",
        r"(?:connect(?:ed)?|conect|transfer(?:red)?|put|patch(?:ed)?|pass(?:ed)?|switch(?:ed)?|redirect(?:ed)?|direct|
          forward(?:ed)?|hand(?:ed)?(?: ?over| ?off)?|(?:connect|transferr?|forward|direct|putt|pass|switch|hand)ing|routed?|
          refer|move|send|link|bring|escalated?|get)(?: to)?(?: (?:me|us|this|it|him|her|my [a-z]+|this [a-z]+))?(?: (?:back|
          over|on|through|thru|up|straight|directly|across|now|please))*",
    ),
    (
        "want",
        r"get|grab|fetch|bring|wan(?:t|na|ts)|wish|needs?|(?:would|id) (?:like|prefer|love|rather have|rather see)|prefer|
          demand|require|request(?:ing)?|ask(?:ing|ed)? for|looking for|waiting for|insist on|expect|gimme|(?:bring|call|send|
          get) in|send|(?:where|how) (?:do|can|could|would|might) i (?:find|get|reach|see|have)|(?:can|could|may) i (?:have|
          get|see)|(?:give|get|find|bring|fetch|send|show|offer|hand|pass|let) (?:me|us)(?: have| see)?|rather have|where is|
          wheres|put on|have got to have|(?:want|need|like|prefer|love) to (?:have|see)",
    ),
    (
        "help",
        r"(?:please )?(?:(?:help|call|contact|ring|phone|text(?: with)?|email|write(?: to)?|reply to|answer|assist|message|
          talk (?:to|with)|get (?:back to|in touch with)|reach out to|write to) (?:me|us)|look (?:at|into|over) (?:my|this|it|
          that|the)|deal with (?:my|this|it|me)|take (?:over|this|it|service)|handle (?:my|this|it)|step in|jump in|
          review (?:my|this|it)|join|(?:sort|fix|explain|check|pick) (?:my|this|it|that|to me)|walk me|respond|intervene)",
    ),
    ("anyones", r"(?:<det> )?(?:real |human )*(?:humans?|people|person|agent|someone|one|body|being|clerk)"),
    ("me", r"(?:i|we|you)"),
    (
        "ask",
        r"wan(?:t|na)|need|like|let me|can i|could i|may i|might i|rather|prefer|must|trying|try|have got|gotta|got|have|
          please|help me|allow me|possible|able",
    ),
];

static ASKS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            // speak to, be put through to, reach
            r"(?:talk|cat|took) ?(?:directly |real |straight )?(?:to|with) (?:<person>|<service>)",
            r"talk (?:directly |real |straight )?(?:to|with) (?:an? |the |one of your |your )?real [a-z]+ (?:clerk|agent|person|human)",
            r"<ask> (?:to )?talk (?:directly |straight )?(?:to|with) (?:the |your |an? )?(?:front desk|reception|billing|accounts?|
              finance|complaints?|returns?|fraud|technical|tech|booking|reservations?|warehouse|shipping|claims)(?: (?:desk|team|
              department|dept|service|office|people))?(?: |$)",
            r"(?:want|need|demand|insist|like|love|prefer|wish|ask|asked|<ask>) (?:to |on )?(?:see|seeing|meet) <person>",
            r"talk to (?:an? |the |this |your )?bot (?:is|makes|feels|was|drives|gets) ",
            r"(?:have|having) (?:an? )?(?:proper |real |quick )?(?:talk|word|conversation|phone call) with (?:<person>|
              <service>)",
            r"(?:complain(?:ing)?|complaint|explain(?:ing)?|explain (?:this|it|that)|story|matter|problem|show (?:this|it)|
              tell (?:this|it)) to (?:<some>(?:human|agent|clerk|person)|<beings>)",
            r"<ask> (?:to )?talk$",
            r"<ask> (?:to )?talk(?: to| with)? (?:human|person|agent|people|clerk)",
            r"<ask> (?:to )?(?:talk|interact|deal) (?:to|with) (?:people|humans?)",
            r"<ask> (?:to )?talk (?:to|with) (?:the|your|an?|one of (?:the|your)) [a-z]+(?: [a-z]+)?$",
            r"^(?:hi |hello |please |hey )?(?:can|could|may) i (?:please )?talk (?:to|with) (?:[a-z]+ [a-z]+|mr [a-z]+|
              ms [a-z]+)(?: please)?$",
            r"<reach> <person>|<ask> (?:to )?(?:<reach>) (?:<service>)",
            r"<pass> (?:to|with|on to|onto|by) (?:<person>|<service>)",
            r"(?:connect|transfer|patch|direct|redirect|forward|route) (?:(?:to|me|us|with) )*<some>(?:<role>)",
            r"(?:connect|transfer|put|patch|pass|hand|switch|direct) (?:me|us) (?:over |on |back )?(?:to|with|onto) (?:<det>|
              customer|room|sales|billing|service|front|reception|someone|[a-z]+(?: [a-z]+)?$)",
            r"put (?:me|us) (?:through|thru)|(?:hand|pass|transfer) (?:me|us|this|it) over|transfer me(?: please| now)?$",
            r"(?:hand|pass) (?:me|us|this|it|the talk|the conversation|a conversation|this [a-z]+) (?:over|on|off)",
            r"(?:talk|discuss|go (?:over|through)|resolve|sort|handle|settle|explain|dealt|answered|handled|deal|looked at|
              reviewed|helped|served|take this up) (?:this |it |that |my [a-z]+ |things )?(?:out |up )?(?:with|to|
              by) (?:<beings>|<some>(?:<role>))",
            // want, get, find
            r"(?:<want>) (?:to )?<some>(?:(?:[a-z]+ ){0,2}?humans?|agent|customer service (?:clerk|person))(?: (?:being|
              beings|agent|talk|service|to|who|on|yes|that|for|please|now|here|right|today|instead|only|at|not|and|or|because|
              cuz)|$)",
            r"(?:<want>) (?:<beings>|<some>(?:person|people|clerk|someone) (?:to (?:help|talk|look|call|sort|handle|deal|fix|
              assist|answer|take|explain|check|contact|ring|phone)|on the (?:line|phone|other end)|(?:who|that) (?:can|
              is able|will|knows|understands|real|works|speaks)|i can (?:talk|call)|(?:from|in|at|within) (?:your|the|
              customer|billing|sales|charge|service|claims|finance|collections|fraud|returns|complaints|accounts)|of yours|
              please|now|right now|not an?|with (?:a brain|some|authority|experience|common sense|power)|instead of|
              rather than|in charge|else)|<some>(?:person|clerk|someone|member of (?:your |the )?(?:clerk|team))(?: (?:to|on|
              of yours|please|now))?$)",
            r"(?:<want>) (?:to have )?<some>(?:clerk|member of (?:your |the )?(?:clerk|team)|one of your [a-z]+) (?:of|from|
              take|call|help|look|get|talk|deal|contact)",
            r"(?:<want>) (?:[a-z0-9]+ ){0,3}?(?:human|real|personal|real life|in person|telephone) (?:help|service|agent|
              contact|interaction|attention|talk|person|response|reply|answer|intervention|voice|eyes|touch|look|input|check)",
            r"(?:give|get|find|send|bring|fetch|hand|show|pass) (?:me|us) (?:to )?(?:<someone>|<some>person|<some>clerk)(?:$|
              \n|[ \n](?:else|who|that|to|on|please|now|from|i can|real))",
            r"rather (?:it was|have|be helped by|be served by|deal with|get|see) (?:<person>)",
            r"(?:deal|dealing) with (?:<beings>|<some>humans?)",
            // is anybody there
            r"(?:is|are|isnt|arent) there (?:also |even |real |still )?(?:<anyones>|<beings>)(?: (?:real|human|even|out|over|
              at all|else|also|like))* (?:there|here|awake|working|available|around|online|(?:that |who )?<me> (?:can|could|
              may|might) (?:talk|call|ring|phone|contact|reach|deal|write|turn)|(?:that|who) can (?:help|talk|answer|assist)|
              to (?:talk|call))",
            r"(?:is|are) there (?:also |even )?(?:an? |any |some )?(?:<beings>|humans?|human being|someone (?:real|
              human))(?: |$)",
            r"(?:is|are) (?:an? |any |some )?(?:someone|humans?|one|people|clerk|body|agent|
              person) (?:real )?(?:available(?: to (?:talk|help|call)|$| now| right| at)|there|awake|working there|alive|
              around|here)(?:$| (?:who|that|to|i|at all|or))",
            r"^any (?:real |human )?(?:humans?|people|one|body|agent|clerk|someone) (?:real )?(?:awake|there|around|available|
              here|online|working|about|out there|over there|listening)",
            r"(?:do|dont|does) you(?:r)?(?: guys| people| lot| all)? (?:even |real |not |also |still )?have (?:an? |any |
              some |the )?(?:<beings>|humans?|agent|(?:customer )?service team|real talk with [a-z ]+|human service|
              real agent|(?:someone|people|clerk|person)) ?(?:(?:there|<me> can|to (?:talk|help)|who can|that can|available|
              here|please|now|working|in|for|as|at)|$)(?: (?:talk|there|here|now|please|me|work|contact))?",
            r"(?:can|could|may|will|would|please have|have|let|ask|get|tell|make) (?:<some>(?:humans?|person|agent|clerk|
              member of (?:your |the )?(?:clerk|team))|<beings>) (?:please |to |real |kindly )?<help>",
            r"(?:can|could|will|would|please have|have|let|ask|get|need|want|like|tell|when will) (?:<someone>|you|u|them|
              your [a-z]+) (?:please |to |just |kindly )*(?:(?:call|ring|phone) me(?:$|\n| (?:back|please|now|on|at|today|
              tomorrow|about|as|when|in|regarding|instead|directly|right|this))|(?:telephone|get back to|get in touch with|
              reach out to|contact) (?:me|us))",
            r"(?:^|please |just |and |then |so |must |now )(?:call|ring|phone) me(?: (?:back|please|now|on|at|today|tomorrow)|
              $)",
            r"(?:want|need|request|requesting|like|arrange|get|have|schedule|book|give me) (?:an? |the |me a )?(?:call ?back|
              phone call|call from|return call)",
            r"call ?back (?:please|now|request)",
            r"(?:can|could|will|would) someone else (?:please )?(?:help|answer|assist|take|look|talk|deal|handle|do|try|
              explain)",
            r"put (?:the |your |an? |any )?(?:<role>|someone|people) on",
            r"(?:help|answers?|repl(?:y|ies)|responses?|calls?|message|service|email|advice) (?:from|by) (?:<some>(?:human|
              agent|clerk)|<beings>|an? person)",
            r"(?:someone|one|nobody|body|person|human|people) to talk (?:to|with)",
            r"^<some>(?:agent|human|person|someone) available(?: now| right now| please| today| to talk| to help)?$",
            r"(?:can|could|will|would) someone (?:please )?(?:deal with (?:this|my|it)|take over|look into (?:this|my|it)|
              sort (?:this|it|my))",
            r"(?:have|get|let) (?:<person>) (?:take|look|deal|handle|sort|join|pick|step|review|reply|respond|answer)",
            r"(?:who|whom) (?:can|could|do|should|may) i talk(?: (?:to|with))?(?: (?:about|here|please|regarding|directly|
              in person|if)|$)",
            r"(?:number|line|extension|button|option) (?:do i|can i|could i|should i|to|i (?:can|should))? ?(?:call|dial|ring|
              phone|press|use|click)? ?(?:to|for|and) (?:get|reach|talk|contact)? ?(?:to |with )?(?:<person>)",
            r"(?:<someone>|humans?|person|agent|people) (?:i|we) can (?:talk|call|ring|phone|explain)",
            r"(?:person to person|human to human)|^(?:oi |yo |hey )?(?:<det> )?(?:real )?human$",
            r"^(?:<det> |real )*(?:human|person|agent|clerk|member of (?:your |the )?(?:clerk|team))s? (?:please|now|
              right now|only|instead)$",
            r"(?:with|by|to) (?:one|some|any) of your (?:people|guys|team|lot)",
            r"(?:do|handle|sort|discuss|settle|finish|resolve) (?:this|it|that) (?:by|over|on) (?:the )?phone",
            r"(?:number|line|hotline|phone|talk) (?:where|that|with) (?:<person>)",
            r"is <some>(?:human|person|agent|clerk) (?:able|available|free|around|there|here|ready|listening)",
            r"^someone (?:please )?(?:talk|call|answer|contact|respond|reply)",
            r"(?:out of|leave|exit|skip|bypass|past) (?:this|the|your) (?:[a-z]+ )?bot",
            r"(?:<some>(?:human|agent|clerk|member of (?:your |the )?(?:clerk|team))|<beings>) (?:could|can|would|should|must|
              needs to|will) (?:please |kindly )?<help>",
            r"human[ \n](?:please|yes|now|needed|wanted|right now|only|this time)",
            r"(?:real )(?:human|person|agent|people|someone)[ \n](?:please|now|instead|here|only)",
            r"someone (?:from|in|at) <service>|^(?:[a-z]+ )?<service> please$",
            r"(?:<ask> (?:to )?be|(?:can|could|may) i get|(?:want|need|like|trying) to get) (?:transferred|connected|
              put through|redirected|forwarded|escalated|passed on)",
            r"escalate (?:this|it|my|me|the)(?: [a-z]+)?",
            r"(?:want|need|please|like) (?:this|it|my [a-z]+) (?:to be )?(?:escalated|(?:looked at|reviewed|
              handled) by (?:<person>))",
            r"(?:need|want|like|wish|going) to escalate|escalation please",
            r"(?:take|jump|step) over from (?:the |this )?bot",
            // anything but a machine
            r"(?:dont|do not|not|never|no longer|stop|rather not|hate|tired of|sick of|done|fed up|enough|instead of|quit|
              refuse to|wont|not going to|cant|rather than|refuse) (?:[a-z]+ ){0,3}?(?:talk|deal|dealing|write|writing|type|
              typing|interact|interacting|repeat(?:ing)? myself|put up|texting|texts?) (?:to|with) (?:<det> )*(?:(?:stupid|
              dumb|useless|real|silly|idiotic|brainless|cold|automated|virtual) )*(?:bot|automated [a-z]+|virtual clerk|
              answering bot|you(?: any ?more| any longer|$))",
            r"(?:go away|get lost|shut up|piss off|fuck off|leave me alone)[ \n](?:you )?(?:stupid |dumb |real )?bot",
            r"bot[ \n](?:go away|shut up|get lost|stop talking)",
            r"(?:no more|no|not an?|not the|not|without an?|instead of an?|rather than an?|sick of|tired of|fed up (?:with|
              of)|enough of|hate|stop (?:with|being|giving me|sending me)|anything but an?|someone but an?|enough with|
              get rid of|done with|(?:dont|do not|hate) (?:do|want|like|need|trust|use|speak|talk to|
              deal with)(?: to use)?(?: an?)?) (?:(?:the|these|this|your|talk|all|an?|you|stupid|dumb|canned|automated|
              useless|real|silly|scripted) )*(?:bot|(?:bot|canned|automated|automatic|scripted|copy paste|copied|
              generic) (?:answers?|repl[a-z]+|responses?|messages?|talk|text|nonsense|crap))(?: (?:please|anymore|any more|
              now|answers?|repl[a-z]+|responses?|again)|$)",
        ],
        &[
            // asked about, not asked for
            r"(?:(?:at |on |during )?(?:what|which|wat|whats)|whats the|know the|the) (?:are |is )?(?:the |
              your )?(?:(?:opening|working|business|office|support|service|contact) )?(?:time|times|hours?|hrs|days?|timings?|
              schedule)(?: [a-z0-9]+)*",
            r"when (?:can|could|do|does|is|are|may|would|to|i|you|we|they|an?|the) [a-z0-9 ]*",
            r"how (?:long|late|early|soon|often|many|quickly|fast)(?: [a-z0-9]+)*",
            r"(?:after|before|while|once|whenever|until) (?:i|you|we|they) (?:can |do |have |had )?(?:speak|talk|chat|
              call)[a-z0-9 ]*",
            r"(?:^|so |and |then |but )(?:do|did|must|should|would|will|why (?:do|must|should)|shall) (?:i|we|you|customers|
              people) (?:really |always |even |still )?(?:have to |need to |need |be |get )?(?:speak|talk|chat|contact|call|
              reach|phone|ring|get|an?|someone|in|your|transferred|connected|the)[a-z0-9 ]*",
            r"(?:without|instead of|avoid) (?:having to |needing to |ever |even )?(?:speaking|talking|chatting|contacting|
              calling|a person|an agent|seeing|phoning|ringing|speak|talk|contact|call) (?:to |with )?(?:an? |any |your |
              the )?(?:human|person|agent|someone|anyone|people|representative|operator|manager|staff|customer)[a-z0-9 ]*",
            r"(?:dont|do not|didnt|doesnt|never|wouldnt|no) (?:really |actually |even |think i )?(?:want|need|like|wish|have|
              care|prefer)(?: to| for)?(?: (?:(?:speak|talk|chat) (?:to|with)|contact|call|phone|be (?:connected|transferred|
              put through) to|see))? (?:an? |the |your |any )?(?:real |live |actual |human )?(?:humans?|persons?|people|
              agents?|operators?|representatives?|someone|somebody|anyone|anybody|reps?|managers?|supervisors?|
              customer service)",
            r"(?:no need|not necessary|unnecessary|not asking|not trying) (?:to|for) [a-z0-9 ]*|nobody wants to [a-z ]*",
            r"(?:cost|costs|charge|charged|charges|fee|free|pay|paid|price|expensive)(?: [a-z]+){0,2} (?:to|for) (?:speak|
              talk|chat|call|contact|reach|phone|ring)[a-z0-9 ]*",
            r"(?:my|their|his|her) (?:wife|husband|partner|son|daughter|mum|mom|mother|father|dad|friend|brother|sister|
              lawyer|accountant|carer|representative|landlord|boss|manager|parents?|assistant|agent|employer|supervisor|
              neighbou?r)s?(?: (?:can|could|please|to|may|wants?|speaks?|talks?|who|is|was|said|says|told|pays?|
              me))*(?: (?:speak|talk|chat) (?:to|with))?",
            r"(?:someone else|another person|third part(?:y|ies)) (?:can |to |may )?(?:speak|talk)",
            r"can (?:my|our) (?:[a-z]+ )(?:speak|talk|call|contact)",
            r"(?:are|r|arent|were|ar) (?:you|u|ya|these|those|they) (?:(?:just|really|even|actually|still|sure|only|all|that|
              an?|the|youre|real|live|some|or|not|human|and) )*(?:humans?|person|agents?|people|(?:ro)?bots?|machine|computer|
              ai|real|operator|chat ?bot|representative|assistant)(?: (?:or|and|not|with) (?:(?:an?|real|the|live|
              actual) )*(?:(?:ro)?bot|human|machine|real person|person|ai|computer|chat ?bot))?(?: being)?",
            r"(?:am|is|are) (?:i|this|that|it|we|there) (?:actually |really |just |even |currently |now )*(?:(?:talking|
              speaking|chatting|connected|texting) (?:to|with) )?(?:(?:an?|real|the|live|actual|some|human) )*(?:humans?|
              person|agent|(?:ro)?bot|machine|computer|ai|chat ?bot|someone|somebody|people|representative|operator)(?: (?:or|
              and|not) (?:(?:an?|real|the|live) )*(?:(?:ro)?bot|human|machine|person|ai|computer|chat ?bot))?$",
            r"(?:you|u|ya|youre|you are|ur) (?:are |is )?(?:not )?(?:(?:an?|real|the|just|only|live|actual|human|like|quick|
              for|good|pretty|clever|smart|nice) )*(?:human|person|agent|(?:ro)?bot|machine|computer|ai|chat ?bot|assistant)$",
            r"(?:im|i am|am) (?:not )?(?:(?:an?|real|the|just|only) )*(?:human|person|agent|(?:ro)?bot|machine|manager|
              operator|representative)",
            // other people and things
            r"human (?:error|resources?|rights?|hair|trafficking|body|nature|made|readable|skin|remains|beings? have|
              review(?:er)?|decision|intervention (?:in|into))",
            r"(?:letting|estate|cleaning|travel|insurance|real estate|free|bleaching|chemical|secret|collection|collections|
              debt|user|double|customs|shipping) (?:agents?|reps?)",
            r"agents? (?:orange|provocateur)|sales (?:manager|assistant)",
            r"(?:property|bank|hiring|line|project|product|account|task|password|file|window|store|wealth|fund|general|office|
              hotel|event) managers?",
            r"representative of|support (?:person|worker|animal)|(?:telephone|tour|crane|boolean|machine) operators?",
            r"(?:act|think|talk|sound|look|behave|type|write|feel|seem|smell|reply|answer)(?:s|
              ing)? (?:[a-z]+ )?like an? (?:[a-z]+ )?(?:human|person|agent|bot|robot)",
            r"(?:third|same|each|per|first|second|other|disabled|young|old|dead|deceased|one|missing|famous|homeless|sick|
              injured|wrong|right|named|authori[sz]ed|nice|good|bad|elderly|vulnerable|blind|deaf|pregnant|poor|rich|
              responsible) (?:person|people)(?: [a-z]+)?",
            r"in person",
            r"person (?:i|we|he|she|they) (?:bought|sold|live|lived|paid|sent|owe|met|know|gave|purchased)[a-z0-9 ]*",
            r"(?:person|people|someone|somebody|anyone|anybody) (?:who|that) (?:stole|owes?|is using|used|has my|lives?|lived|
              died|doesnt|does not|isnt|has (?:a|an|no)|is (?:a|an|not|under|over)|was|were|bought|sold)[a-z0-9 ]*",
            r"someone (?:to|who can) (?:use|pay|collect|pick up|sign|receive|buy|check my (?:car|engine|check))[a-z0-9 ]*",
            r"(?:say|spell|translate|pronounce|write) [a-z0-9 ]* in (?:french|spanish|german|italian|chinese|japanese|english|
              russian|korean|portuguese|arabic|hindi|dutch|swedish|polish|turkish)",
            r"(?:check|calendar|list|contacts?|schedule|appointment|reminder) (?:[a-z]+ ){0,3}(?:contacts?|list|calendar)",
        ],
    )
});

/// Whole texts that are nothing but a word for a person.
static BARE_WORDS: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[r"\A(?:(?:no|nope|yes|ok|okay|hi|hello|hey|please|just|only|i said|another|come on|ugh|omg|again|so|well|sorry|
              connect|transfer|urgent|talk|talk to)[ \n])*(?:(?:(?:an?|the|your|any|another|real|human|different|other|
              customer) )*(?:humans?(?: [a-z]+)?|(?:(?:customer )?service )?(?:agent|clerk|person))|<beings>|real talk|
              customer service|someone (?:real|human)|call ?back|human contact|(?:phone|telephone) service|escalate|
              escalation)(?:[ \n](?:please|right now|now|today|already|here|instead|this instant|at once|thank you|
              quick(?:ly)?|for once|only|help|talk|service|needed|wanted|required|or what|(?:to|for) (?:help|
              assist)(?: me)?))*\z"],
        &[],
    )
});

/// Whether `sentence` (plain form) asks for a person in English.
pub fn asked_for(sentence: &str) -> bool {
    if !spoken::has_latin(sentence) {
        return false;
    }
    let sentence = spoken::repair(sentence);
    ASKS.heard_as(&sentence, in_kinds) || BARE_WORDS.heard_as(&sentence, in_kinds)
}
