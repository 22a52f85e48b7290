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

/// What is on the disk after a kill between any two of the steps by which an authority comes and goes.
#[test]
fn a_rotation_goes_on_from_whatever_a_kill_left() {
    let house = House::new();
    let tls = house.folder.path().join("tls");
    // Killed before the first authority was whole, and by a process with our own id.
    for process in [std::process::id(), 1] {
        let unfinished = tls.with_extension(format!("making-{process}"));
        fs::create_dir_all(&unfinished).unwrap();
        fs::write(unfinished.join("authority.key"), "half").unwrap();
    }
    let patient = house.authority(CertificatePolicy::default());
    house.ensure(&patient);
    // Killed before the second one was whole: it isn't there, for nobody.
    for process in [std::process::id(), 1] {
        let unfinished = tls.join(format!("2.making-{process}"));
        fs::create_dir_all(&unfinished).unwrap();
        fs::write(unfinished.join("authority.key"), "half").unwrap();
        fs::write(unfinished.join("authority.crt"), "half").unwrap();
    }
    assert_eq!(standings(&patient), [Standing::Signing]);
    assert!(patient.introduce().unwrap());
    let both = patient.trusted().unwrap();
    let hasty = house.authority(CertificatePolicy { overlap: Duration::ZERO, ..*patient.policy() });

    // Killed between the server's two files, and before each of them.
    let (certificate, key) = server_files(house.folder.path());
    let old = (fs::read(&certificate).unwrap(), fs::read(&key).unwrap());
    assert!(house.renew(&hasty, &both));
    let new_key = fs::read(&key).unwrap();
    for (certificate_then, key_then) in [(&old.0, &old.1), (&old.0, &new_key)] {
        fs::write(&certificate, certificate_then).unwrap();
        fs::write(&key, key_then).unwrap();
        assert!(house.renew(&hasty, &both));
        assert!(house.shown(&hasty).is_by_signer && !house.renew(&hasty, &both));
    }

    // Killed between the key's removal and the certificate's: it signs nothing, and whoever knows it is told of it still.
    let (only_second, rest) = hasty.remaining().unwrap().unwrap();
    assert_eq!(rest.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["2"]);
    fs::remove_file(tls.join("authority.key")).unwrap();
    for again in [&hasty, &house.authority(*hasty.policy())] {
        assert_eq!(again.trusted().unwrap(), both);
        assert_eq!(standings(again), [Standing::Leaving, Standing::Signing]);
        assert!(!house.ensure(again) && !house.renew(again, &both));
    }
    assert_eq!(hasty.retire().unwrap(), 1);
    assert_eq!((hasty.trusted().unwrap(), hasty.remaining().unwrap().is_none()), (only_second, true));
    assert_eq!(hasty.retire().unwrap(), 0);

    // Killed before the empty folder of a later one was removed: its name isn't given away twice while it is known.
    assert!(hasty.introduce().unwrap());
    assert!(house.renew(&hasty, &hasty.trusted().unwrap()));
    for file in ["authority.key", "authority.crt"] {
        fs::remove_file(tls.join("2").join(file)).unwrap();
    }
    assert_eq!((standings(&hasty), hasty.retire().unwrap()), (vec![Standing::Signing], 0));
    assert!(hasty.introduce().unwrap());
    assert_eq!(hasty.status().unwrap().last().unwrap().name, "4");
}
