"""Tact, complete: the revision at which a suppression was lifted, the segment a journey was last seen in

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
revision = '0003'
down_revision = '0002'


def upgrade() -> None:
    op.add_column('journeys', sa.Column('segment', sa.Text(), nullable=True), schema='tactful')
    op.add_column('suppression_lifts', sa.Column('revision', sa.BigInteger(), nullable=True), schema='tactful')
    op.execute("COMMENT ON TABLE tactful.suppression_lifts IS 'Append-only: suppressions that somebody lifted, who and why; a customer''s own, at which revision.'")
    op.create_index('ix_receipts_complained', 'receipts', ['received_at'], unique=False, schema='tactful', postgresql_where=sa.text("kind = 'complained'"))
    op.add_column('connectors', sa.Column('cancels_seconds', sa.Integer(), nullable=True), schema='tactful')
    op.create_table('recalls',
    sa.Column('contact_key', sa.UUID(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=False),
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('provider_id', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), server_default='open', nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('handed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_revision', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('wanted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('again_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('said', sa.Text(), nullable=True),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('open', 'wanted', 'cancelled', 'too_late', 'unsettled')", name=op.f('ck_recalls_state')),
    sa.CheckConstraint("state = 'open' OR reason IS NOT NULL", name=op.f('ck_recalls_reason')),
    sa.ForeignKeyConstraint(['contact_key'], ['tactful.contacts.contact_key'], name=op.f('fk_recalls_contact_key')),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_recalls_customer_key')),
    sa.PrimaryKeyConstraint('contact_key', 'channel', name=op.f('pk_recalls')),
    schema='tactful',
    comment='Messages handed over that the provider can still stop: letters before they are printed. An open one that nobody stopped in time is deleted.'
    )
    op.create_index('ix_recalls_unsettled', 'recalls', ['state', 'again_at'], unique=False, schema='tactful', postgresql_where=sa.text("state IN ('open', 'wanted')"))
    op.execute("COMMENT ON TABLE tactful.connectors IS 'The connectors that workers are configured with, as they said when they started; and how long after it was handed over a message can still be stopped at the provider, where it can.'")
    op.add_column('receipts', sa.Column('channel', sa.Text(), nullable=True), schema='tactful')
    op.add_column('receipts', sa.Column('part_key', sa.UUID(), nullable=True), schema='tactful')
    op.add_column('receipts', sa.Column('permanent', sa.Boolean(), server_default='false', nullable=False), schema='tactful')
    op.add_column('receipts', sa.Column('machine', sa.Boolean(), server_default='false', nullable=False), schema='tactful')
    op.add_column('receipts', sa.Column('reason', sa.Text(), server_default='', nullable=False), schema='tactful')
    op.add_column('receipts', sa.Column('look_at', sa.DateTime(timezone=True), nullable=True), schema='tactful')
    op.create_index('ix_receipts_looked_for', 'receipts', ['look_at'], unique=False, schema='tactful', postgresql_where=sa.text('look_at IS NOT NULL'))
    op.create_index('ix_receipts_of_nobody', 'receipts', ['received_at'], unique=False, schema='tactful', postgresql_where=sa.text('contact_key IS NULL'))
    op.execute("COMMENT ON TABLE tactful.receipts IS 'What providers told us later, once each. One that came before we knew its message is looked for at `look_at`; one of a message that is none of ours goes after a month.'")
    op.create_table('inbound',
    sa.Column('inbound_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('dedupe_id', sa.Text(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('sender', sa.Text(), nullable=False),
    sa.Column('customer_key', sa.UUID(), nullable=True),
    sa.Column('contact_key', sa.UUID(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('wish', sa.Text(), nullable=True),
    sa.Column('strategy', sa.Text(), nullable=True),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('occurred_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('hand_on_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('handed_on_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.CheckConstraint("wish IN ('stop', 'start', 'help')", name=op.f('ck_inbound_wish')),
    sa.ForeignKeyConstraint(['contact_key'], ['tactful.contacts.contact_key'], name=op.f('fk_inbound_contact_key')),
    sa.ForeignKeyConstraint(['customer_key'], ['tactful.customers.customer_key'], name=op.f('fk_inbound_customer_key')),
    sa.PrimaryKeyConstraint('inbound_no', name=op.f('pk_inbound')),
    schema='tactful',
    comment='What customers wrote to us, once each. What nothing is done about at once is handed on to a person; so is an answer that the provider does not carry. Erased with the customer.'
    )
    op.create_index('ux_inbound_told_once', 'inbound', ['connector', 'dedupe_id'], unique=True, schema='tactful')
    op.create_index(op.f('ix_inbound_customer_key'), 'inbound', ['customer_key'], unique=False, schema='tactful')
    op.create_index(op.f('ix_inbound_channel_sender'), 'inbound', ['channel', 'sender'], unique=False, schema='tactful')
    op.create_index('ix_inbound_to_hand_on', 'inbound', ['hand_on_at'], unique=False, schema='tactful', postgresql_where=sa.text('hand_on_at IS NOT NULL'))
    op.create_table('call_tasks',
    sa.Column('part_key', sa.UUID(), nullable=False),
    sa.Column('state', sa.Text(), server_default='open', nullable=False),
    sa.Column('put_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('taken_by', sa.Text(), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('done_by', sa.Text(), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('open', 'taken', 'done', 'withdrawn')", name=op.f('ck_call_tasks_state')),
    sa.CheckConstraint("outcome IN ('reached', 'no_answer', 'wrong_number', 'not_again')", name=op.f('ck_call_tasks_outcome')),
    sa.PrimaryKeyConstraint('part_key', name=op.f('pk_call_tasks')),
    schema='tactful',
    comment='Calls that people are to make; number and words stand in the frozen message of the same key.'
    )
    op.create_index('ix_call_tasks_waiting', 'call_tasks', ['put_at'], unique=False, schema='tactful', postgresql_where=sa.text("state IN ('open', 'taken')"))
