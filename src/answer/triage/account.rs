//! What only somebody who can see the account can settle: something went wrong with the customer's own order or payment, or
//! somebody is told to look at it or to act on it. Words of a question about how such things go are no such matter.

use std::sync::LazyLock;

use super::rules::{Classes, Rules};
use super::spoken::{has_han, has_latin};

const CLASSES: Classes = &[
    ("thing", r"(?:order|parcel|package|refund|delivery|payment|item|shipment|purchase|goods|money|card|subscription|letter)s?"),
    ("not_yet", r"(?:hasnt|has not|havent|have not|still hasnt|still has not|never|didnt|did not) (?:yet |even |ever |still )?"),
];

static MATTER: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_words(
        CLASSES,
        &[
            r"(?:my|our|the) (?:[a-z]+ )?<thing> <not_yet>(?:arriv[a-z]+|come|been (?:delivered|received|refunded|credited|shipped|sent|paid)|
              reach[a-z]*|show[a-z]* up|turn[a-z]* up|gone through)",
            r"(?:says?|shows?|marked|listed) (?:as )?(?:it (?:was |is |has been )?)?delivered (?:[a-z]+ ){0,3}?(?:but|yet|and i)(?: [a-z]+)*",
            r"(?:i|we|ive|weve|i have) (?:still )?<not_yet>(?:receiv[a-z]+|got|gotten|seen) (?:[a-z]+ ){0,2}?(?:my|our|the|any) (?:[a-z]+ )?<thing>",
            r"(?:i|we) (?:was|were|have been|got|ve been|am being) (?:charged|billed|debited|invoiced) (?:twice|two times|double|three times|again)",
            r"(?:charged|billed|debited) (?:me|us|my (?:card|account)) (?:twice|two times|double|three times|again)|double charged",
            r"(?:you|they|the (?:shop|store|courier|driver)) (?:sent|delivered|shipped|gave) (?:me |us )?(?:the )?(?:wrong|an empty|somebody elses|
              someone elses)",
            r"(?:my|our|the) (?:[a-z]+ )?(?:order|parcel|package|item|shipment) (?:is|was|got|has been|seems|must be) (?:lost|missing|stuck|
              damaged|broken|smashed|stolen|incomplete|wrong)",
            r"delete (?:all )?(?:my|our) (?:personal )?(?:data|information|details)(?: now| please|$)",
        ],
        &[r"(?:how (?:do|can|to|could|should|does|would|long|much)|can i|could i|what (?:happens|if|do)|if|do i|am i|may i|where (?:do|
              can) i|is it possible|when (?:can|do) i|what is the|is there a)(?: [a-z0-9#]+)*"],
    )
});

static MATTER_ZH: LazyLock<Rules> = LazyLock::new(|| {
    Rules::of_script(
        &[
            ("for_me", r"帮我|帮忙|替我|给我|麻烦(?:你们?|您|帮)?|请(?:你们?|您)?(?:帮|给)|帮俺|劳烦|辛苦"),
            ("thing", r"订单|单子|快递|包裹|物流|退款|钱|款|账号|账户|货|东西|件|商品|衣服|鞋|手机|保价|补偿|发票|单号"),
        ],
        &[
            // something went wrong
            r"(?:<thing>).{0,8}(?:还没|一直没|迟迟没?|都没|没有?|压根没|根本没|从没)(?:.{0,4})(?:到|收到|退|发|更新|动静|来|签收|到账)(?:$|[^吗么])",
            r"(?:没|没有|未|根本没|压根没)(?:人)?(?:收|拿|签)(?:到|过|收)过?(?:货|东西|快递|包裹|任何|退款|钱|件|短信)?(?:啊|呀|呢|的|$|[ \n])",
            r"(?:显示|物流上?|系统|上面|页面|短信)(?:.{0,6})(?:已经?|被)?(?:签收|送达|妥投|收货|完成)(?:.{0,4})\n?(?:但|可|我|却|没|根本|人)",
            r"(?:包裹|快递|货|东西|件).{0,6}(?:丢|弄丢|寄丢|不见|丢失|破损|碎|少了|漏发|发错|卡在|停在|没更新|没动)",
            r"(?:扣|刷|收|付|划|扣款)(?:了)?我?.{0,4}(?:两|2|二|三|3|多|重复|好几)(?:遍|次|笔|回)|(?:重复|多)(?:扣|收|付)(?:了)?(?:款|钱|费|我)",
            r"(?:付|交|给)(?:了|过)?(?:钱|款|费).{0,8}(?:还是|还|显示|却|怎么).{0,4}(?:没|未|待)(?:有)?(?:付|支付|到账|成功|发货)",
            r"(?:申请|退)(?:了)?.{0,6}(?:一个多?月|半个?月|[0-9一二两三四五六七八九十几好]+(?:多)?(?:天|周|个月|星期|礼拜)).{0,6}(?:没|还|才|了)",
            r"(?:东西|商品|货|衣服|鞋|手机|耳机|机器|屏幕).{0,3}(?:坏了|是坏的|有问题|破了|碎了|用不了|不能用).{0,10}(?:赔|补偿|退|换|耽误|怎么弄|负责)",
            r"(?:损失|耽误|误工).{0,6}(?:谁|赔|负责|补偿)|(?:给|得|要).{0,3}(?:我)?(?:一?点|个|些)?补偿",
            // somebody is told to look, or to act
            r"<for_me>.{0,12}(?:查|看看|看下|看一下|催|问问|核实|确认|退|取消|改|换|修改|申请|处理|补发|重发|拦截|解绑|删|注销|开|绑)",
            r"(?:^|[ \n那行]|直接|就)(?:把|将).{0,14}(?:改成|换成|退了|退掉|取消|删掉|删了|删除|注销|拦截|拦下)",
            r"(?:我要?|我想|想|要)(?:要)?(?:把)?(?:改|换|修改|更改|变更|更换)(?:一?下|个|一个)?(?:我的)?(?:收货|送货|配送|收件)?(?:地址|电话|手机号?|
              收件人|时间)(?:$|[ \n了吧])|^(?:改|换|修改|更改)(?:一?下|个)?(?:收货)?(?:地址|电话|手机号?|收件人)$",
            r"(?:把|将)?我(?:的)?(?:所有|全部)?(?:的)?(?:个人)?(?:信息|资料|数据|隐私|记录).{0,4}(?:删|清除|注销|抹)",
            r"(?:身份证|护照|银行卡|证件|隐私).{0,10}(?:夹|落|掉|寄|忘|放)在",
        ],
        &[
            r"(?:如果|要是|万一|假如|若|假设|倘若)[^\n]*(?:\n[^\n]*)?",
            r"(?:别|不要|不用|先别|不必)(?:给|帮|替)我[^\n]{0,8}|给我(?:开|换)[^\n]{0,4}",
            r"(?:怎么|如何|怎样|可以|可不可以|能否|是否|多久|几天|哪里|在哪里?)(?:申请|才能|能|可以|去|自己)?(?:退|改|换|查|取消|修|
              更|申请|删|注销|开)[^\n]{0,12}",
            r"(?:一般|通常|大概|正常)[^\n]{0,16}",
            r"(?:退|换|改|开|查|申请|修改|取消)[^\n]{0,8}(?:流程|规则|政策|条件|要求|步骤|方法)[^\n]{0,4}",
        ],
    )
});

/// Whether the sentence is about such a matter.
pub fn matter(sentence: &str) -> Option<String> {
    let in_words = has_latin(sentence).then(|| MATTER.words(sentence)).flatten();
    in_words.or_else(|| has_han(sentence).then(|| MATTER_ZH.words(sentence)).flatten())
}
