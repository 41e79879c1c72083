//! Tencent's REST API: the bodies of every command.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use reqwest::Method;

use crate::{
    front_door::{RunningServer, SDK_APP_ID},
    strange::Target,
};

const COMMANDS: &[&str] = &[
    "im_open_login_svc/account_import",
    "im_open_login_svc/multiaccount_import",
    "im_open_login_svc/account_check",
    "im_open_login_svc/account_delete",
    "im_open_login_svc/kick",
    "profile/portrait_set",
    "profile/portrait_get",
    "profile/portrait_get_all",
    "sns/friend_add",
    "sns/friend_import",
    "sns/friend_update",
    "sns/friend_delete",
    "sns/friend_delete_all",
    "sns/friend_check",
    "sns/friend_get",
    "sns/friend_get_list",
    "sns/friend_get_specified",
    "sns/pendency_get",
    "sns/friend_response",
    "sns/pendency_delete",
    "sns/pendency_report",
    "sns/group_add",
    "sns/group_delete",
    "sns/group_get",
    "sns/group_update",
    "sns/black_list_add",
    "sns/black_list_delete",
    "sns/black_list_get",
    "sns/black_list_check",
    "openim/sendmsg",
    "openim/batchsendmsg",
    "openim/admin_getroammsg",
    "openim/admin_msgwithdraw",
    "openim/admin_set_msg_read",
    "openim/get_c2c_unread_msg_num",
    "openim/modify_c2c_msg",
    "recentcontact/get_list",
    "recentcontact/delete",
];

/// Bodies with every field that any command reads.
const BODIES: &[&str] = &[
    r#"{"UserID":"ada","Nick":"Ada","FaceUrl":"https://a.example/a.png","Accounts":["ada","bob"],"AccountList":[{"UserID":"cyd","Nick":"C"}]}"#,
    r#"{"CheckItem":[{"UserID":"ada"}],"DeleteItem":[{"UserID":"dan"}],"UserID":"ada"}"#,
    r#"{"From_Account":"ada","ProfileItem":[{"Tag":"Tag_Profile_IM_Nick","Value":"N"},{"Tag":"Tag_Profile_IM_BirthDay","Value":20000101},{"Tag":"Tag_Profile_IM_Gender","Value":"Gender_Type_Male"}]}"#,
    r#"{"From_Account":"ada","To_Account":["ada","bob"],"TagList":["Tag_Profile_IM_Nick","Tag_SNS_IM_Remark"],"CheckType":"CheckResult_Type_Both"}"#,
    r#"{"From_Account":"ada","UserItem":[{"To_Account":"bob","StandardSequence":0,"CustomSequence":0}]}"#,
    r#"{"From_Account":"ada","AddFriendItem":[{"To_Account":"bob","Remark":"B","GroupName":["G"],"AddSource":"AddSource_Type_A","AddWording":"hi"}],"AddType":"Add_Type_Both","ForceAddFlags":1}"#,
    r#"{"From_Account":"ada","AddFriendItem":[{"To_Account":"bob","Remark":"B","RemarkTime":1,"GroupName":["G"],"AddSource":"AddSource_Type_A","AddTime":1,"CustomItem":[]}]}"#,
    r#"{"From_Account":"ada","UpdateItem":[{"To_Account":"bob","SnsItem":[{"Tag":"Tag_SNS_IM_Remark","Value":"R"},{"Tag":"Tag_SNS_IM_Group","Value":["G"]}]}]}"#,
    r#"{"From_Account":"ada","To_Account":["bob"],"DeleteType":"Delete_Type_Both","StartIndex":0,"StandardSequence":0,"CustomSequence":0,"MaxLimited":30,"LastSequence":0}"#,
    r#"{"From_Account":"ada","PendencyType":"Pendency_Type_ComeIn","StartTime":0,"MaxLimited":10,"LastSequence":0,"LatestPendencyTimeStamp":1}"#,
    r#"{"From_Account":"ada","ResponseFriendItem":[{"To_Account":"bob","ResponseAction":"Response_Action_AgreeAndAdd","Remark":"R","GroupName":["G"]}]}"#,
    r#"{"From_Account":"ada","GroupName":["G","H"],"To_Account":["bob"],"OldName":"G","NewName":"I","NeedFriend":"Need_Friend_Type_Yes","AddAccount":["bob"],"DeleteAccount":["cyd"]}"#,
    r#"{"SyncOtherMachine":1,"From_Account":"ada","To_Account":"bob","MsgSeq":1,"MsgRandom":2,"MsgLifeTime":60,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}},{"MsgType":"TIMFaceElem","MsgContent":{"Index":1,"Data":"d"}}],"SendMsgControl":["NoUnread"],"IsNeedReadReceipt":1,"CloudCustomData":"c"}"#,
    r#"{"Operator_Account":"ada","Peer_Account":"bob","MaxCnt":10,"MinTime":0,"MaxTime":2000000000,"LastMsgKey":"1_2_1700000000","Report_Account":"ada","MsgReadTime":"1700000000"}"#,
    r#"{"From_Account":"ada","To_Account":"bob","MsgKey":"1_2_1700000000","MsgVersion":0,"Type":1,"ClearRamble":1,"TimeStamp":0,"StartIndex":0,"Count":10,"Peer_Account":["bob"]}"#,
];

#[test]
fn tencent() {
    let server = RunningServer::open();
    let commands = (0_u8..).zip(COMMANDS);
    let seeds = commands.flat_map(|(at, _)| BODIES.iter().map(move |body| [&[at], body.as_bytes()].concat())).collect();
    let words = &[
        "Tag_Profile_IM_Image",
        "Tag_Profile_IM_AllowType",
        "Tag_Profile_Custom_City",
        "Tag_SNS_Custom_x",
        "From_Account",
        "To_Account",
        "ada",
        "bob",
        "[",
        "{",
        "\"",
        ",",
        "\\ud800",
        "4294967296",
        "-0",
        "1e5",
    ];
    let target = Target { name: "tencent", seeds, words, head_bytes: 1 };
    let sig = percent_encode(server.user_sig("administrator").as_bytes(), NON_ALPHANUMERIC).to_string();
    let import = format!("/v4/{}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}", COMMANDS[1]);
    let (_, said) =
        server.answer(server.request(Method::POST, &import).body(r#"{"Accounts":["ada","bob","cyd"]}"#)).unwrap();
    assert!(String::from_utf8_lossy(&said).contains("\"ErrorCode\":0"), "the signature is accepted");
    target.fuzz(|case| {
        let (first, body) = case.split_first().unwrap_or((&0, &[]));
        let command = COMMANDS[usize::from(*first) % COMMANDS.len()];
        let path = format!(
            "/v4/{command}?sdkappid={SDK_APP_ID}&identifier=administrator&usersig={sig}&random=1&contenttype=json"
        );
        server.stands(server.request(Method::POST, &path).body(body.to_vec()))
    });
    server.ends_well();
}
