-- A job that nobody wants done any more: one that waits is taken back, one that died is dismissed.

alter type admin_job_status add value 'canceled';

-- A new value can't be named in the transaction that adds it, so these say which states have no end.
alter table admin_jobs drop constraint admin_jobs_check1,
    add constraint admin_jobs_finished_check check ((status in ('queued', 'running')) = (finished_at is null));
drop index admin_jobs_finished_idx;
create index admin_jobs_finished_idx on admin_jobs (finished_at) where finished_at is not null;
