use super::*;

const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 0 8 111 101\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";

fn refused(body: &str) -> SdpError {
    check(body.as_bytes(), false).expect_err(body)
}

fn with(line: &str) -> String {
    format!("{OFFER}{line}\r\n")
}

#[test]
fn an_ordinary_offer_passes() {
    assert_eq!(check(OFFER.as_bytes(), false), Ok(vec![]));
    let bare_newlines = OFFER.replace("\r\n", "\n");
    assert_eq!(check(bare_newlines.as_bytes(), false), Ok(vec![]));
    assert_eq!(check(with("a=rtcp:4001 IN IP4 192.0.2.9").as_bytes(), false), Ok(vec![]));
    assert_eq!(check(with("").as_bytes(), false), Ok(vec![]), "an empty line at the end");
    assert_eq!(check(with("a=candidate:1 1 UDP 1 192.0.2.9 4000 typ host").as_bytes(), false), Ok(vec![]));
}

#[test]
fn a_payload_type_above_127_is_refused() {
    for payload in ["128", "255", "256", "4294967296", "-1", "+8", "x", ""] {
        let body = OFFER.replace("0 8 111 101", &format!("0 {payload}"));
        assert_eq!(refused(&body).code, 400, "{payload}");
        assert_eq!(refused(&with(&format!("a=rtpmap:{payload} X/8000"))).code, 400, "{payload}");
        assert_eq!(refused(&with(&format!("a=fmtp:{payload} x=1"))).code, 400, "{payload}");
    }
}

#[test]
fn a_dynamic_payload_type_without_rtpmap_is_refused() {
    let body = OFFER.replace("a=rtpmap:111 opus/48000/2\r\n", "");
    assert_eq!(refused(&body), unacceptable("SDP payload type without rtpmap"));
    let in_another_section = format!("{body}m=audio 4002 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n");
    assert_eq!(refused(&in_another_section), unacceptable("SDP payload type without rtpmap"));
}

#[test]
fn an_rtpmap_must_have_a_name_and_a_rate() {
    for value in ["97", "97 ", "97 X", "97 X/", "97 X/0", "97 X/8000/0", "97 X/8000/99", "97 X/8000/1/2", "97 /8000"] {
        assert_eq!(refused(&with(&format!("a=rtpmap:{value}"))).code, 400, "{value}");
    }
    let long = "a".repeat(33);
    assert_eq!(refused(&with(&format!("a=rtpmap:97 {long}/8000"))).code, 400);
}

#[test]
fn keys_are_taken_out_when_srtp_is_off() {
    let body = with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz");
    let found = check(body.as_bytes(), false).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(&body[found[0].clone()], "crypto");
}

#[test]
fn keys_must_be_well_formed_when_srtp_is_on() {
    let good = "1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4";
    assert_eq!(check(with(&format!("a=crypto:{good}")).as_bytes(), true), Ok(vec![]));
    let many = with(&format!("a=crypto:{good}\r\n").repeat(MAX_KEYS + 1));
    assert_eq!(check(many.trim_end().as_bytes(), true).unwrap_err().code, 488);
    let long = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{}", "A".repeat(500));
    let tag = "1".repeat(40);
    let long_tag = format!("{tag} AES_CM_128_HMAC_SHA1_80 inline:AAAA");
    for bad in
        ["", "1", "1 X", "1 X inline:", "1 X inline:%%%", "1 X key:AAAA", "1 X inline:AA;inline:BB", &long, &long_tag]
    {
        assert_eq!(check(with(&format!("a=crypto:{bad}")).as_bytes(), true).unwrap_err().code, 400, "{bad}");
    }
}

#[test]
fn an_address_must_be_a_unicast_literal() {
    for address in
        ["IP4 pbx.example", "IP4 224.0.0.1", "IP4 255.255.255.255", "IP6 192.0.2.1", "IP6 ff02::1", "IP4 10.0.0.1/127"]
    {
        let body = OFFER.replace("c=IN IP4 192.0.2.9", &format!("c=IN {address}"));
        assert_eq!(refused(&body).code, 488, "{address}");
    }
    assert_eq!(check(OFFER.replace("c=IN IP4 192.0.2.9", "c=IN IP4 0.0.0.0").as_bytes(), false), Ok(vec![]), "hold");
}

#[test]
fn text_that_is_not_sdp_is_refused() {
    for body in [
        "",
        "hello",
        "v=1\r\n",
        "o=- 1 1 IN IP4 1.1.1.1\r\nv=0\r\n",
        "v=0\r\nvv=0\r\n",
        "v=0\r\n=x\r\n",
        "v=0\r\nX=1\r\n",
    ] {
        assert_eq!(refused(body).code, 400, "{body}");
    }
    assert_eq!(refused("v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\n").code, 400, "no media");
    assert_eq!(check(b"v=0\r\ns=\xff\r\n", false).unwrap_err().code, 400, "not UTF-8");
    assert_eq!(refused(&OFFER.replace("s=-", "s=a\0b")).code, 400, "NUL");
    assert_eq!(refused(&OFFER.replace("s=-\r\n", "s=-\r\n\r\n")).code, 400, "empty line");
}

#[test]
fn counts_are_bounded() {
    assert!(check(with(&"a=x\r\n".repeat(MAX_ATTRIBUTES)).as_bytes(), false).is_err());
    assert!(check(with(&"m=audio 0 RTP/AVP 0\r\n".repeat(MAX_MEDIA)).as_bytes(), false).is_err());
    assert!(check(with(&format!("m=audio 0 RTP/AVP {}0", "0 ".repeat(MAX_FORMATS))).as_bytes(), false).is_err());
    assert!(check(with(&format!("a=x:{}", "y".repeat(MAX_LINE))).as_bytes(), false).is_err());
    assert!(check(with(&"b=AS:64\r\n".repeat(MAX_BANDWIDTHS + 1)).as_bytes(), false).is_err());
}

#[test]
fn no_input_makes_the_reader_panic() {
    for end in 0..OFFER.len() {
        for tail in ["", "=", ":", " ", "\0", "é", "128", "\n\n", "a=crypto:"] {
            let _ = check(format!("{}{tail}", &OFFER[..end]).as_bytes(), end % 2 == 0);
        }
    }
}
