use std::time::Duration;

use super::*;

struct House {
    folder: tempfile::TempDir,
    user: OsUser,
    hosts: Vec<String>,
}

impl House {
    fn new() -> Self {
        let hosts = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        Self { folder: tempfile::tempdir().unwrap(), user: OsUser::find(None).unwrap(), hosts }
    }

    fn authority(&self, policy: CertificatePolicy) -> CertificateAuthority {
        CertificateAuthority::with_policy(&self.folder.path().join("tls"), policy).unwrap()
    }

    fn ensure(&self, authority: &CertificateAuthority) -> bool {
        authority.ensure_server_certificate(self.folder.path(), &self.hosts, &self.user).unwrap()
    }

    fn renew(&self, authority: &CertificateAuthority, published: &str) -> bool {
        authority.renew_server_certificate(self.folder.path(), &self.hosts, &self.user, published).unwrap()
    }

    fn shown(&self, authority: &CertificateAuthority) -> ServerCertificate {
        authority.about(&on_disk(self.folder.path()).unwrap()).unwrap().unwrap()
    }
}

fn standings(authority: &CertificateAuthority) -> Vec<Standing> {
    authority.status().unwrap().into_iter().map(|one| one.standing).collect()
}

#[test]
fn a_certificate_is_kept_until_it_is_about_to_expire() {
    let house = House::new();
    let policy = CertificatePolicy::default();
    let (authority, again) = (house.authority(policy), house.authority(policy));
    assert_eq!(authority.trusted().unwrap(), again.trusted().unwrap());
    assert!(house.ensure(&authority));
    assert!(!house.ensure(&again));
    assert!(house.shown(&again).expires_at > SystemTime::now() + policy.server_renew_before);
    // To one who wants more of it, it is about to expire.
    let eager = house.authority(CertificatePolicy {
        server_renew_before: policy.server_lifetime + Duration::from_secs(60),
        server_lifetime: policy.server_lifetime * 2,
        ..policy
    });
    assert!(house.ensure(&eager));
    assert!(!house.ensure(&eager));
}

#[test]
fn what_is_gone_does_not_fit_names_another_host_or_is_signed_by_a_stranger_is_made_again() {
    let house = House::new();
    let authority = house.authority(CertificatePolicy::default());
    let (certificate, key) = server_files(house.folder.path());
    assert!(house.ensure(&authority));
    let before = fs::read_to_string(&key).unwrap();
    for file in [&certificate, &key] {
        fs::remove_file(file).unwrap();
        assert!(house.ensure(&authority));
    }
    // As a kill between the two files leaves them.
    fs::write(&key, before).unwrap();
    assert!(house.ensure(&authority));
    let elsewhere = House { hosts: vec!["localhost".to_owned(), "db.example.com".to_owned()], ..house };
    assert!(elsewhere.ensure(&authority));
    assert!(!elsewhere.ensure(&authority));
    // A home whose authority was lost has another one.
    fs::remove_dir_all(elsewhere.folder.path().join("tls")).unwrap();
    let other = elsewhere.authority(CertificatePolicy::default());
    assert!(other.about(&on_disk(elsewhere.folder.path()).unwrap()).unwrap().is_none());
    assert!(elsewhere.ensure(&other));
}

#[test]
fn a_successor_signs_nothing_that_clients_do_not_know() {
    let house = House::new();
    let patient = house.authority(CertificatePolicy::default());
    house.ensure(&patient);
    let first = patient.trusted().unwrap();
    assert!(!patient.introduce_if_due().unwrap());
    assert!(patient.introduce().unwrap());
    // Asked twice, and by another process.
    assert!(!patient.introduce().unwrap());
    assert!(!house.authority(CertificatePolicy::default()).introduce().unwrap());
    assert_eq!(standings(&patient), [Standing::Signing, Standing::Announced]);
    let both = patient.trusted().unwrap();
    assert!(both.starts_with(&first) && both.matches("BEGIN CERTIFICATE").count() == 2);
    assert!(!house.renew(&patient, &both));
    assert_eq!(patient.retire().unwrap(), 0);

    // Its time has come.
    let hasty = house.authority(CertificatePolicy { overlap: Duration::ZERO, ..*patient.policy() });
    assert_eq!(standings(&hasty), [Standing::Leaving, Standing::Signing]);
    assert!(!house.renew(&hasty, &first), "the clients haven't heard of it");
    assert!(!house.shown(&hasty).is_by_signer);
    assert!(!house.ensure(&hasty), "what is trusted serves on after a restart");
    assert!(house.renew(&hasty, &both));
    assert!(!house.renew(&hasty, &both));
    assert!(house.shown(&hasty).is_by_signer);
    assert!(hasty.renew_server_certificate(house.folder.path(), &house.hosts, &house.user, "").is_err());

    assert_eq!(hasty.retire().unwrap(), 1);
    assert_eq!(standings(&hasty), [Standing::Signing]);
    let second = hasty.trusted().unwrap();
    assert!(both.ends_with(&second) && second != first);
    assert!(!house.folder.path().join("tls/authority.key").exists());
    // And once more, also when everything is opened anew.
    assert!(house.authority(*hasty.policy()).introduce().unwrap());
    assert_eq!(hasty.status().unwrap().last().unwrap().name, "3");
    assert!(house.renew(&hasty, &hasty.trusted().unwrap()));
    assert_eq!((hasty.retire().unwrap(), standings(&hasty).len()), (1, 1));
}

#[test]
fn an_authority_that_ends_soon_gets_a_successor_and_nothing_outlives_it() {
    let house = House::new();
    let policy = CertificatePolicy {
        authority_lifetime: Duration::from_secs(20 * 86_400),
        server_renew_before: Duration::from_secs(86_400),
        ..CertificatePolicy::default()
    };
    let authority = house.authority(policy);
    house.ensure(&authority);
    let shown = house.shown(&authority);
    assert!(shown.expires_at <= shown.authority_expires_at, "{shown:?}");
    assert!(authority.introduce_if_due().unwrap());
    assert!(!authority.introduce_if_due().unwrap() && standings(&authority).len() == 2);
}
