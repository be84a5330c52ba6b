"""Tact: lots, test arms, rates and holds of connectors, contacts by a second way, the sweep

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('lots',
    sa.Column('lot_key', sa.UUID(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('strategy', sa.Text(), nullable=True),
    sa.Column('step', sa.Text(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=True),
    sa.Column('asked_for', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False),
    sa.Column('asked_by', sa.Text(), nullable=False),
    sa.Column('rate', sa.Integer(), nullable=True),
    sa.Column('state', sa.Text(), server_default='open', nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('frozen_to', sa.UUID(), nullable=True),
    sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('campaign', 'restart')", name=op.f('ck_lots_kind')),
    sa.CheckConstraint("state IN ('open', 'stopped', 'done')", name=op.f('ck_lots_state')),
    sa.PrimaryKeyConstraint('lot_key', name=op.f('pk_lots')),
    schema='tactful',
    comment="Contacts made together by one workflow: a campaign's audience, or what a person restarts. `frozen_to` is how far the audience is written, in the order of customers' keys; `frozen_at` is when it was all."
    )
    op.add_column('contacts', sa.Column('arm', sa.Text(), nullable=True), schema='tactful')
    op.add_column('contacts', sa.Column('lot_key', sa.UUID(), nullable=True), schema='tactful')
    op.create_foreign_key(op.f('fk_contacts_lot_key'), 'contacts', 'lots', ['lot_key'], ['lot_key'], source_schema='tactful', referent_schema='tactful')
    op.create_index(op.f('ix_contacts_customer_key'), 'contacts', ['customer_key'], unique=False, schema='tactful')
    op.create_index('ix_contacts_lot', 'contacts', ['lot_key', 'state', 'due_at'], unique=False, schema='tactful', postgresql_where=sa.text('lot_key IS NOT NULL'))
    op.add_column('contacts', sa.Column('restarts', sa.Integer(), server_default='0', nullable=False), schema='tactful')
    op.add_column('decisions', sa.Column('asked_by', sa.Text(), nullable=True), schema='tactful')
    op.add_column('decisions', sa.Column('why', sa.Text(), nullable=True), schema='tactful')
    op.create_table_comment('decisions', 'Append-only: every answer of decide() with every rule it asked, and every act of a person, who and why.', existing_comment='Append-only: every answer of decide() with every rule it asked, and under which version.', schema='tactful')
    op.alter_column('connector_holds', 'until', existing_type=sa.DateTime(timezone=True), nullable=True, schema='tactful')
    op.add_column('connector_holds', sa.Column('held_by', sa.Text(), nullable=True), schema='tactful')
    op.add_column('connector_holds', sa.Column('probe_until', sa.DateTime(timezone=True), nullable=True), schema='tactful')
    op.create_table_comment('connector_holds', 'Connectors that cannot work now, for everybody: why, since when, by whom (nobody: found out by us), and when to try again (where no time is given: when a person says so). Past `until` one contact at a time tries.', schema='tactful')
    op.create_table('connectors',
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('channels', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('connector', name=op.f('pk_connectors')),
    schema='tactful',
    comment='The connectors that workers are configured with, as they said when they started.'
    )
    op.create_table('connector_rates',
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('free_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('queue_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('connector', name=op.f('pk_connector_rates')),
    schema='tactful',
    comment='Connectors with a rate: until when their calls are given out, and their places in the queue behind.'
    )
    op.create_table('sweeps',
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('swept_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('found', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('kind', name=op.f('pk_sweeps')),
    schema='tactful',
    comment='What the last sweep found that is overdue, orphaned or stuck.'
    )
    op.add_column('contacts', sa.Column('held_for', sa.Text(), nullable=True), schema='tactful')
    op.add_column('contacts', sa.Column('again_at', sa.DateTime(timezone=True), nullable=True), schema='tactful')
    op.create_index('ix_contacts_again', 'contacts', ['lot_key', 'again_at'], unique=False, schema='tactful', postgresql_where=sa.text('again_at IS NOT NULL'))
    op.create_index('ix_contacts_held', 'contacts', ['held_for'], unique=False, schema='tactful', postgresql_where=sa.text("state = 'held'"))
    op.add_column('messages', sa.Column('asked', sa.Integer(), server_default='0', nullable=False), schema='tactful')
    op.add_column('messages', sa.Column('receipt', sa.Text(), nullable=True), schema='tactful')
    op.add_column('messages', sa.Column('receipt_at', sa.DateTime(timezone=True), nullable=True), schema='tactful')
    op.drop_constraint(op.f('ck_messages_state'), 'messages', schema='tactful')
    op.create_check_constraint(op.f('ck_messages_state'), 'messages', "state IN ('claimed', 'waiting', 'sent', 'unknown', 'refused', 'skipped')", schema='tactful')
    op.add_column('journeys', sa.Column('lot_key', sa.UUID(), nullable=True), schema='tactful')
    op.create_foreign_key(op.f('fk_journeys_lot_key'), 'journeys', 'lots', ['lot_key'], ['lot_key'], source_schema='tactful', referent_schema='tactful')
    op.create_index('ix_journeys_lot', 'journeys', ['lot_key', 'state', 'ends_at'], unique=False, schema='tactful', postgresql_where=sa.text('lot_key IS NOT NULL'))
    op.create_table_comment('journeys', "One customer's passage through a step and those that follow it. A row before it is a workflow; one of a campaign (`lot_key`) never is one.", schema='tactful')
    op.alter_column('outbox', 'customer_key', nullable=True, schema='tactful')
    op.create_table_comment('outbox', 'Starts and wake-ups still to be told to Temporal, in order per customer. Delivered rows are deleted. What concerns a lot has no customer, and needs no order.', schema='tactful')
    op.create_table('failed_attempts',
    sa.Column('failed_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('contact_key', sa.UUID(), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('connector', sa.Text(), nullable=False),
    sa.Column('failed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('fault', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['contact_key'], ['tactful.contacts.contact_key'], name=op.f('fk_failed_attempts_contact_key')),
    sa.PrimaryKeyConstraint('failed_no', name=op.f('pk_failed_attempts')),
    schema='tactful',
    comment='Append-only: every call that did not come to a yes. Of a yes its message knows.'
    )
    op.create_index(op.f('ix_failed_attempts_contact_key'), 'failed_attempts', ['contact_key'], unique=False, schema='tactful')
    op.add_column('suppressions', sa.Column('told_key', sa.UUID(), nullable=True), schema='tactful')
    op.create_index('ux_suppressions_told_once', 'suppressions', ['told_key'], unique=True, schema='tactful')
    op.create_table('suppression_lifts',
    sa.Column('suppression_no', sa.BigInteger(), nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lifted_by', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['suppression_no'], ['tactful.suppressions.suppression_no'], name=op.f('fk_suppression_lifts_suppression_no')),
    sa.PrimaryKeyConstraint('suppression_no', name=op.f('pk_suppression_lifts')),
    schema='tactful',
    comment='Append-only: suppressions that somebody lifted, who and why.'
    )
    op.create_table('soft_bounces',
    sa.Column('bounce_no', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('told_id', sa.Text(), nullable=False),
    sa.Column('bounced_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('bounce_no', name=op.f('pk_soft_bounces')),
    schema='tactful',
    comment='Append-only: messages that came back for now; too many make an address undeliverable.'
    )
    op.create_index(op.f('ix_soft_bounces_channel_address_bounced_at'), 'soft_bounces', ['channel', 'address', 'bounced_at'], unique=False, schema='tactful')
    op.create_index('ux_soft_bounces_told_once', 'soft_bounces', ['source', 'told_id'], unique=True, schema='tactful')
