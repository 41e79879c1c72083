//! Tests of `src/archive/member.rs`.

use super::*;

#[test]
fn no_name_leads_out_of_the_data_folder() {
    let key = "3sAFuPebIrDpO5yG1VP872";
    let good = format!("pictures/3s/{key}/full");
    assert_eq!(MemberName::parse(&good).map(|place| place.name()), Some(good.clone()));
    for bad in [
        "",
        "/etc/passwd",
        "../server.key",
        "server.key/",
        "./server.key",
        "standin.db",
        &format!("pictures/../{key}/full"),
        &format!("pictures/xx/{key}/full"),
        &format!("pictures/3s/{key}/../full"),
        &format!("pictures/3s/{key}/full/x"),
        &format!("other/3s/{key}/full"),
        &format!("/pictures/3s/{key}/full"),
        &format!("pictures/3s/{key}/49"),
    ] {
        assert_eq!(MemberName::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_member_that_unpacks_to_more_than_its_listed_size_stops_early() {
    let mut packed = Vec::new();
    let zeros = || io::repeat(0).take(64 << 20);
    let (_, whole) = pack(zeros(), &mut packed).expect("it packs");
    assert!(packed.len() < 16 * 1024, "a bomb: {}", packed.len());
    let mut all = io::sink();
    assert!(unpack(packed.as_slice(), &mut all, &whole).expect("it unpacks"));
    let mut written = Vec::new();
    let promised = Content { bytes: 1000, sha256: whole.sha256 };
    assert!(!unpack(packed.as_slice(), &mut written, &promised).expect("it unpacks"));
    assert_eq!(written.len(), 1001);
}
