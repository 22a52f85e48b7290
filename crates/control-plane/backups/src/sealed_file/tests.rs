use secrets::stream::{CHUNK, TAG};

use super::*;

fn lock() -> NewFileLock {
    let (backup, customer) = (BackupId::generate(), Some(CustomerId::generate()));
    let lock = FileLock { backup, customer, key: FileKey::generate() };
    NewFileLock { lock, in_file: "v1.data.sealed".to_owned() }
}

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|place| u8::try_from(place % 251).unwrap()).collect()
}

fn sealed(lock: &NewFileLock, text: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    seal(&lock.head("customer_acme"), &lock.lock.key, text, &mut file, || true).unwrap();
    file
}

/// What the file says, and whether it says so to the end.
fn opened(lock: &FileLock, file: &[u8]) -> (Vec<u8>, Result<(), String>) {
    let mut text = Vec::new();
    let told = |fault| match fault {
        Fault::Unusable(reason) => reason,
        Fault::Write(error) => panic!("{error}"),
    };
    let outcome = Sealed::begin(file)
        .and_then(|sealed| sealed.expect("it is encrypted").open(lock, &mut text))
        .map_err(told);
    (text, outcome)
}

/// Where the chunks begin.
fn head_length(file: &[u8]) -> usize {
    13 + usize::try_from(u32::from_be_bytes(file[9..13].try_into().unwrap())).unwrap()
}

#[test]
fn what_was_sealed_is_opened_whatever_its_length() {
    let lock = lock();
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5] {
        let text = text(length);
        let file = sealed(&lock, &text);
        assert_eq!(opened(&lock.lock, &file), (text, Ok(())), "{length}");
        let chunks = length.div_ceil(CHUNK).max(1);
        assert_eq!(file.len(), head_length(&file) + length + chunks * TAG);
    }
    assert_ne!(sealed(&lock, b"the same"), sealed(&lock, b"the same"));
}

#[test]
fn what_was_cut_changed_or_moved_says_nothing_wrong_and_never_to_the_end() {
    let lock = lock();
    let text = text(3 * CHUNK + 5);
    let file = sealed(&lock, &text);
    let (head, sealed_chunk) = (head_length(&file), CHUNK + TAG);
    let refused = |wrong: &[u8], what: &str| {
        let (said, outcome) = opened(&lock.lock, wrong);
        assert!(outcome.is_err(), "{what}");
        assert!(text.starts_with(&said) && said.len() < text.len(), "{what}");
    };
    for end in [
        head,
        head + 1,
        head + sealed_chunk - 1,
        head + sealed_chunk,
        head + 3 * sealed_chunk,
        file.len() - 1,
    ] {
        refused(&file[..end], &format!("cut at {end}"));
    }
    for place in [head, head + CHUNK, head + sealed_chunk, head + 2 * sealed_chunk + 7, file.len() - 1] {
        let mut changed = file.clone();
        changed[place] ^= 1;
        refused(&changed, &format!("changed at {place}"));
    }
    let chunk = |number: usize| &file[head + number * sealed_chunk..head + (number + 1) * sealed_chunk];
    let last = &file[head + 3 * sealed_chunk..];
    let front = &file[..head];
    refused(&[front, chunk(1), chunk(0), chunk(2), last].concat(), "two chunks have changed places");
    refused(&[front, chunk(0), chunk(2), last].concat(), "a chunk is left out");
    refused(&[front, chunk(0), chunk(0), chunk(1), chunk(2), last].concat(), "a chunk is there twice");
    refused(&[front, last].concat(), "the end alone");
    let mut longer = file.clone();
    longer.extend_from_slice(last);
    let (_, outcome) = opened(&lock.lock, &longer);
    assert!(outcome.is_err(), "something follows");
}

#[test]
fn a_file_opens_as_the_backup_that_it_is_only() {
    let (ours, theirs) = (lock(), lock());
    let file = sealed(&ours, b"ours");
    let (_, outcome) = opened(&theirs.lock, &file);
    assert_eq!(
        outcome,
        Err(format!("it is the backup {}, and not {}", ours.lock.backup, theirs.lock.backup))
    );
    // Also with the head of another one written into it: the chunks are bound to their own.
    let mut head = ours.head("customer_acme");
    (head.backup, head.customer) = (theirs.lock.backup, theirs.lock.customer);
    let renamed = [head.to_bytes().unwrap(), file[head_length(&file)..].to_vec()].concat();
    for key in [&ours.lock.key, &theirs.lock.key] {
        let (said, outcome) = opened(&FileLock { key: key.clone(), ..theirs.lock }, &renamed);
        assert!(outcome.is_err() && said.is_empty());
    }
    let mut other_database = file.clone();
    let place = file.windows(4).position(|word| word == b"acme").unwrap();
    other_database[place] = b'A';
    assert!(opened(&ours.lock, &other_database).1.is_err());
}

#[test]
fn what_ended_by_accident_has_no_last_chunk() {
    let lock = lock();
    let mut file = Vec::new();
    let text = text(2 * CHUNK);
    seal(&lock.head("db"), &lock.lock.key, text.as_slice(), &mut file, || false).unwrap_err();
    let (said, outcome) = opened(&lock.lock, &file);
    assert!(outcome.is_err() && said.len() < text.len());
}

#[test]
fn other_files_are_told_apart() {
    let begin = |bytes: &[u8]| match Sealed::begin(bytes) {
        Ok(found) => Ok(found.is_some()),
        Err(Fault::Unusable(reason)) => Err(reason),
        Err(Fault::Write(error)) => panic!("{error}"),
    };
    for plain in [b"PGDMP\x01\x0e\x00".as_slice(), b"", b"SIXTYBA"] {
        assert_eq!(begin(plain), Ok(false));
    }
    let file = sealed(&lock(), b"text");
    assert_eq!(begin(&file), Ok(true));
    let mut newer = file.clone();
    newer[8] = 2;
    assert!(begin(&newer).unwrap_err().contains("form 2"));
    let mut rubbish = file.clone();
    rubbish[9..13].fill(0xff);
    assert!(begin(&rubbish).unwrap_err().contains("head"));
    assert!(begin(&file[..20]).is_err());
}
